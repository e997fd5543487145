// Asks an authenticator on behalf of a form: the node's question goes in, the answer goes into the form's hidden field.
// The form itself is what is asked about: it is sent once for the question, and once more with the answer. Where the node
// sees a mistake in it there is no question, and the page with the mistake marked is loaded.
// The browser itself ties the answer to this page's address; the question is tied to the act by the node.
document.querySelectorAll("form[data-passkey]").forEach((form) => {
  const said = form.dataset;
  const problem = form.querySelector("[data-problem]");
  const status = form.querySelector("[data-status]");
  const button = form.querySelector("[data-with-passkey]");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const isNew = said.passkey === "create";

  function bytes(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }
  function text(buffer) {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function named(list) { return (list || []).map((one) => ({ ...one, id: bytes(one.id) })); }

  async function question() {
    const body = new FormData(form);
    body.delete("answer");
    const address = said.ask || form.getAttribute("action") || window.location.href;
    const headers = { "X-CSRFToken": token, "X-Passkey": "ask" };
    const response = await fetch(address, { method: "POST", body: new URLSearchParams(body), headers, redirect: "manual" });
    if (!(response.headers.get("Content-Type") || "").includes("json")) return null;
    const answer = await response.json();
    if (!response.ok) throw new Error([answer.detail, answer.remedy].filter(Boolean).join(" ") || response.statusText);
    const options = { ...answer, challenge: bytes(answer.challenge) };
    if (!isNew) return { ...options, allowCredentials: named(answer.allowCredentials) };
    return { ...options, user: { ...answer.user, id: bytes(answer.user.id) }, excludeCredentials: named(answer.excludeCredentials) };
  }

  async function ask() {
    const publicKey = await question();
    if (!publicKey) return "";
    status.textContent = said.saidTouch;
    const given = await (isNew ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    const response = { clientDataJSON: text(given.response.clientDataJSON) };
    if (isNew) {
      response.attestationObject = text(given.response.attestationObject);
    } else {
      response.authenticatorData = text(given.response.authenticatorData);
      response.signature = text(given.response.signature);
    }
    return JSON.stringify({ id: given.id, rawId: text(given.rawId), type: given.type, response });
  }

  function words(error) {
    if (!(error instanceof DOMException)) return error.message;
    if (error.name === "InvalidStateError") return said.saidKnown;
    if (error.name === "SecurityError") return said.saidOrigin;
    if (error.name === "NotAllowedError" || error.name === "AbortError") return said.saidCancelled;
    return said.saidFailed;
  }

  function fail(message) {
    status.textContent = "";
    problem.textContent = message;
    problem.hidden = false;
    button.disabled = false;
    button.focus();
  }

  form.addEventListener("submit", async (event) => {
    if (!event.submitter || !event.submitter.hasAttribute("data-with-passkey")) return;
    event.preventDefault();
    if (!window.PublicKeyCredential) return fail(said.saidNone);
    problem.hidden = true;
    button.disabled = true;
    try {
      form.elements.answer.value = await ask();
      status.textContent = said.saidSending;
      form.submit();
    } catch (error) {
      fail(words(error));
    }
  });
});
