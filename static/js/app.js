// Small conveniences on top of pages that work without them.
(() => {
  "use strict";
  const TOAST_SECONDS = 7;

  // ---- toasts
  const dismissLater = (toast) => {
    if (toast.classList.contains("error") || toast.classList.contains("warning")) return;
    let timer = setTimeout(() => toast.remove(), TOAST_SECONDS * 1000);
    toast.addEventListener("mouseenter", () => clearTimeout(timer));
    toast.addEventListener("focusin", () => clearTimeout(timer));
    toast.addEventListener("mouseleave", () => {
      timer = setTimeout(() => toast.remove(), TOAST_SECONDS * 1000);
    });
  };

  const say = (text, level = "error") => {
    const template = document.getElementById("toast-template");
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.classList.add(level);
    toast.querySelector("p").textContent = text;
    document.getElementById("toasts").append(toast);
    dismissLater(toast);
  };

  // ---- menus: one open at a time, closed by Escape and by a click elsewhere
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  };

  // ---- copy
  const copy = async (button) => {
    const target = document.getElementById(button.dataset.copy);
    const label = button.querySelector("[data-copy-label]");
    try {
      await navigator.clipboard.writeText(target.value ?? target.textContent.trim());
      label.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(target);
      label.textContent = "Press Ctrl+C";
    }
    setTimeout(() => {
      label.textContent = "Copy";
    }, 2500);
  };

  // ---- formsets: rows added from the <template>, removed by ticking DELETE or by renumbering
  const rowsOf = (formset) => [...formset.querySelectorAll("[data-formset-row]")];

  const renumber = (formset) => {
    const prefix = formset.dataset.formset;
    const pattern = new RegExp(`${prefix}-(\\d+|__prefix__)-`, "g");
    rowsOf(formset).forEach((row, index) => {
      for (const element of [row, ...row.querySelectorAll("*")]) {
        for (const name of ["id", "name", "for", "aria-describedby"]) {
          const value = element.getAttribute(name);
          if (value) element.setAttribute(name, value.replace(pattern, `${prefix}-${index}-`));
        }
      }
    });
    formset.querySelector(`[name="${prefix}-TOTAL_FORMS"]`).value = rowsOf(formset).length;
    const visible = rowsOf(formset).filter((row) => !row.hidden).length;
    const maximum = Number(formset.querySelector(`[name="${prefix}-MAX_NUM_FORMS"]`)?.value ?? 1000);
    for (const button of formset.querySelectorAll("[data-formset-add]")) button.disabled = visible >= maximum;
    for (const button of formset.querySelectorAll("[data-formset-remove]")) button.disabled = visible <= 1;
    formset.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const addRow = (formset) => {
    const template = formset.querySelector("template[data-formset-empty]");
    const row = template.content.firstElementChild.cloneNode(true);
    formset.querySelector("[data-formset-rows]").append(row);
    renumber(formset);
    window.htmx?.process(row);
    row.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  };

  const removeRow = (formset, row) => {
    const box = row.querySelector('input[type="checkbox"][name$="-DELETE"]');
    const saved = row.querySelector('input[type="hidden"][name$="-id"]')?.value;
    if (box && saved) {
      box.checked = true;
      row.hidden = true;
    } else {
      row.remove();
    }
    renumber(formset);
    formset.querySelector("[data-formset-add]")?.focus();
  };

  // ---- one click listener for all of it
  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details[data-menu]"));
    const at = (selector) => event.target.closest(selector);
    const formset = at("[data-formset]");
    if (at("[data-dismiss]")) at("[data-dismissible]").remove();
    else if (at("[data-copy]")) copy(at("[data-copy]"));
    else if (formset && at("[data-formset-add]")) addRow(formset);
    else if (formset && at("[data-formset-remove]")) removeRow(formset, at("[data-formset-row]"));
    else if (at("[data-dialog-close]")) at("dialog").close();
    else if (at("[data-dialog]")) {
      event.preventDefault();
      document.getElementById(at("[data-dialog]").dataset.dialog).showModal();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest("details[data-menu][open]");
    closeMenus(null);
    menu?.querySelector("summary").focus();
  });

  // ---- a form is sent once: its buttons go busy after the browser has read them
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const method = form.getAttribute("method")?.toLowerCase();
    if (method !== "post" || "again" in form.dataset || event.defaultPrevented) return;
    setTimeout(() => {
      for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true;
      event.submitter?.setAttribute("aria-busy", "true");
    });
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("form button:disabled")) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });

  // ---- selects and boxes marked data-autosubmit send their form; the button beside them is for pages without this
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });

  // ---- htmx
  document.addEventListener("htmx:beforeRequest", (event) => event.detail.target.setAttribute("aria-busy", "true"));
  document.addEventListener("htmx:afterRequest", (event) => event.detail.target.removeAttribute("aria-busy"));
  document.addEventListener("htmx:sendError", () => say("The server could not be reached. Check your connection and try again."));
  document.addEventListener("htmx:responseError", (event) => {
    const texts = { 403: "You may not do that.", 404: "That is not there any more.", 409: "Somebody else changed this meanwhile. Reload the page.", 429: "Too many requests. Wait a moment and try again." };
    say(texts[event.detail.xhr.status] ?? "Something went wrong on our side.");
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".toast-note").forEach(dismissLater);
    document.querySelectorAll("[data-formset]").forEach((formset) => {
      rowsOf(formset).forEach((row) => {
        const box = row.querySelector('input[type="checkbox"][name$="-DELETE"]');
        if (box?.checked) row.hidden = true;
      });
    });
  });
})();
