// Copies the whole text behind a shortened digest or code, or of a document, and says so to the eye and to the screen
// reader.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy ?? document.getElementById(button.dataset.copyFrom).textContent);
  button.classList.add("copied");
  announce(button.dataset.copied);
  setTimeout(() => button.classList.remove("copied"), 1500);
});

function announce(words) {
  const region = document.getElementById("announcer");
  if (region && words) region.textContent = words;
}
