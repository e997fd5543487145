// j and k walk the rows of the page's tables from the first to the last, Enter opens the row's first link.
// A table's density is remembered in this browser.
(() => {
  const rows = () => [...document.querySelectorAll("table[data-keys] > tbody > tr")];
  const chosen = () => rows().findIndex((row) => row.getAttribute("aria-selected") === "true");
  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

  function choose(index) {
    const all = rows();
    if (!all.length) return;
    const next = Math.max(0, Math.min(index, all.length - 1));
    all.forEach((row, at) => row.toggleAttribute("aria-selected", false) || (at === next && row.setAttribute("aria-selected", "true")));
    all[next].scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "j") choose(chosen() + 1);
    else if (event.key === "k") choose(chosen() - 1);
    else if (event.key === "Enter" && chosen() >= 0 && event.target.matches("body, main, .scroll")) rows()[chosen()].querySelector("a")?.click();
  });

  const dense = () => localStorage.getItem("dense") === "1";
  const apply = (root) => root.querySelectorAll("table[data-keys]").forEach((table) => table.classList.toggle("dense", dense()));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-density]")) return;
    localStorage.setItem("dense", dense() ? "0" : "1");
    apply(document);
  });
  document.addEventListener("DOMContentLoaded", () => apply(document));
  document.addEventListener("htmx:load", (event) => apply(event.target.parentNode || document));
})();
