"use strict";

(() => {
  const place = document.getElementById("operations");

  const csrfToken = () => {
    const cookie = document.cookie.split("; ").find((part) => /^(__Host-csrf|csrftoken)=/.test(part));
    return cookie ? cookie.slice(cookie.indexOf("=") + 1) : "";
  };

  SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    deepLinking: true,
    requestInterceptor: (request) => {
      const isOwn = new URL(request.url, document.baseURI).origin === window.location.origin;
      if (isOwn && request.method && request.method !== "GET") {
        request.headers["X-CSRFToken"] = csrfToken();
      }
      return request;
    },
  });
})();
