// Pins the theme that somebody chose; without a choice the CSS follows the system by itself.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  const stored = () => {
    try {
      return localStorage.getItem("tranche.theme");
    } catch {
      return null;
    }
  };

  const apply = (choice) => {
    if (choice === "light" || choice === "dark") {
      root.dataset.bsTheme = choice;
    } else {
      delete root.dataset.bsTheme;
    }
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (choice ?? "system")));
    }
  };

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => apply(stored()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    const choice = button.dataset.themeChoice;
    try {
      localStorage.setItem("tranche.theme", choice);
    } catch {
      // Storage is refused in some private windows: the choice then lasts for this page.
    }
    apply(choice);
    document.dispatchEvent(new CustomEvent("tranche:theme"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.dispatchEvent(new CustomEvent("tranche:theme"));
  });
})();
