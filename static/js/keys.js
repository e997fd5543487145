// Ctrl-K (or Cmd-K, or a slash outside a field) goes to the search box.
document.addEventListener("keydown", (event) => {
  const wanted = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !event.target.closest("input, textarea, select"));
  const box = document.querySelector(".top .search input");
  if (!wanted || !box) return;
  event.preventDefault();
  box.focus();
  box.select();
});
