// htmx: refused forms (422) and conflicts (409) are swapped in so that errors land at their field; what was swapped is announced.
document.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const words = event.detail.target.closest("[data-announce]")?.dataset.announce
    || event.detail.target.querySelector?.("[data-announce]")?.dataset.announce;
  const region = document.getElementById("announcer");
  if (region && words) region.textContent = words;
});

// What names a field jumps to it, unfolding what hides it: the clauses of a sentence, and what a refusal would change.
document.addEventListener("click", (event) => {
  const clause = event.target.closest(".sentence a[href^='#'], a.to-field");
  if (!clause) return;
  event.preventDefault();
  const field = document.getElementById(clause.hash.slice(1));
  field?.closest("details")?.setAttribute("open", "");
  field?.scrollIntoView({ block: "center" });
  (field?.matches("input, select, textarea") ? field : field?.querySelector("input, select, textarea"))?.focus();
});
