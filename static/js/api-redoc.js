"use strict";

(() => {
  const place = document.getElementById("operations");
  const font = "system-ui, sans-serif";
  const theme = { typography: { fontFamily: font, headings: { fontFamily: font } } };

  Redoc.init(place.dataset.schema, { theme }, place);
})();
