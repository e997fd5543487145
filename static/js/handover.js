// The hand-over page posts its one form by itself; with script off its button does the same.
document.querySelector("form[data-autosubmit]")?.requestSubmit();
