// Sends a file in pieces: each PATCH carries at most 8 MiB at an offset, the node seals it before it touches the disk.
// What arrived stays: after a break, or another day, choosing the same file goes on where it stopped.
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const input = document.getElementById("file");
  const zone = document.getElementById("dropzone");
  const progress = document.getElementById("progress");
  const bar = progress.querySelector("progress");
  const done = progress.querySelector("[data-done]");
  const left = progress.querySelector("[data-left]");
  const problem = document.getElementById("upload-error");
  const announcer = document.getElementById("upload-say");
  const stop = document.getElementById("upload-stop");
  const start = form.querySelector("[type=submit]");
  const said = form.dataset;
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const resumed = new URLSearchParams(location.search).get("resume");
  let halted = false;
  let isPackage = false;  // it names its domain itself

  function say(words) { announcer.textContent = words; }
  function fail(words) { problem.textContent = words; problem.hidden = false; }
  function busy(isBusy) { start.disabled = isBusy; stop.hidden = !isBusy; input.disabled = isBusy; }
  function size(bytes) { return bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`; }
  function remaining(seconds) {
    const words = seconds < 60 ? said.saidSeconds.replace("{n}", Math.max(1, Math.round(seconds))) : said.saidMinutes.replace("{n}", Math.round(seconds / 60));
    return said.saidLeft.replace("{time}", words);
  }

  async function call(url, options = {}) {
    const response = await fetch(url, { ...options, headers: { "X-CSRFToken": token, ...options.headers } });
    if (response.ok) return response;
    const answer = await response.json().catch(() => ({}));
    const error = new Error(answer.detail || response.statusText);
    error.status = response.status;
    error.offset = Number(answer.facts?.offset ?? NaN);
    throw error;
  }

  async function begin(file) {
    if (resumed) {
      const found = await (await call(`${said.create}${resumed}/`)).json();
      if (found.size !== file.size || found.filename !== file.name) throw new Error(said.saidOther);
      say(said.saidResume);
      return found;
    }
    const wanted = { filename: file.name, size: file.size, domain: isPackage ? "" : form.elements.domain.value, title: form.elements.title.value };
    return (await call(said.create, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted) })).json();
  }

  async function send(file, upload) {
    const began = performance.now(), from = upload.offset;
    let offset = upload.offset, breaks = 0;
    show(file, offset, from, began);
    while (offset < file.size && !halted) {
      try {
        const piece = file.slice(offset, offset + upload.piece);
        const response = await call(upload.url, { method: "PATCH", body: piece, headers: { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) } });
        offset = Number(response.headers.get("Upload-Offset"));
        breaks = 0;
      } catch (error) {
        if (error.status === 409 && Number.isFinite(error.offset)) { offset = error.offset; continue; }
        if (error.status && error.status < 500) throw error;
        if (++breaks > 6) throw error;
        left.textContent = said.saidRetry;
        await new Promise((again) => setTimeout(again, 500 * 2 ** breaks));
        const head = await fetch(upload.url, { method: "HEAD" }).catch(() => null);
        if (head?.ok) offset = Number(head.headers.get("Upload-Offset"));
      }
      show(file, offset, from, began);
    }
    return offset === file.size;
  }

  function show(file, offset, from, began) {
    progress.hidden = false;
    bar.value = file.size ? (100 * offset) / file.size : 0;
    done.textContent = `${said.saidSending} ${size(offset)} / ${size(file.size)}`;
    const seconds = (performance.now() - began) / 1000;
    left.textContent = offset > from && offset < file.size ? remaining((seconds / (offset - from)) * (file.size - offset)) : "";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = input.files[0];
    problem.hidden = true;
    if (!file) return fail(said.saidChoose);
    halted = false;
    busy(true);
    try {
      const upload = await begin(file);
      if (await send(file, upload)) {
        say(said.saidDone);
        const answer = await (await call(`${upload.url}finish/`, { method: "POST" })).json();
        location.assign(answer.url);
        return;
      }
      fail(said.saidStopped);
    } catch (error) {
      fail(error.message);
    }
    busy(false);
  });

  stop.addEventListener("click", () => { halted = true; });
  input.addEventListener("change", () => {
    const file = input.files[0];
    isPackage = Boolean(file?.name.toLowerCase().endsWith(".czpack"));
    form.elements.domain.required = !isPackage && !resumed;
    form.elements.domain.closest(".field").hidden = isPackage;
    if (file && !form.elements.title.value) form.elements.title.value = file.name.replace(/\.[^.]+$/, "").slice(0, 80);
  });
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change"));
    }
  });
  if (resumed) { form.elements.domain.required = false; form.elements.title.required = false; }
})();
