// What the pages do beyond HTML. Every form also works without it.
//
// Three mechanisms, all driven by attributes:
//   data-copy="id"      a button copies that element's text
//   data-swap="name"    a form is sent by fetch; of the page that answers, the parts marked data-live are taken over
//   data-unfinished     the part is fetched again until it is finished
(() => {
  "use strict";

  const root = document.documentElement;
  root.classList.remove("no-script");

  // ---- appearance: "auto" follows the system. Runs before the first paint.
  const theme = () => {
    try {
      return localStorage.getItem("theme") || "auto";
    } catch {
      return "auto";
    }
  };
  const applyTheme = (value) => {
    if (value === "light" || value === "dark") root.dataset.theme = value;
    else delete root.dataset.theme;
  };
  applyTheme(theme());

  const wireTheme = () => {
    for (const box of document.querySelectorAll(".theme-choice")) {
      box.hidden = false;
      for (const radio of box.querySelectorAll("input")) {
        radio.checked = radio.value === theme();
        radio.addEventListener("change", () => {
          try {
            localStorage.setItem("theme", radio.value);
          } catch {
            // Private windows may refuse storage: the choice then lasts for this page.
          }
          applyTheme(radio.value);
        });
      }
    }
  };

  // ---- times: in the reader's language and the organization's zone, which the filters and the documents have too.
  const dateFormat = (options) => {
    try {
      return new Intl.DateTimeFormat(undefined, { ...options, timeZone: root.dataset.zone });
    } catch {
      // A zone that the server has and this browser does not: its own text stays.
      return null;
    }
  };
  const dayFormat = dateFormat({ dateStyle: "medium" });
  const fullFormat = dateFormat({ dateStyle: "full", timeStyle: "long" });
  const shortFormat = dateFormat({ dateStyle: "medium", timeStyle: "short" });
  const nearFormat = dateFormat({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const farFormat = dateFormat({ day: "numeric", month: "short", year: "numeric" });
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

  const timeText = (date) => {
    const seconds = Math.round((date - Date.now()) / 1000);
    const size = Math.abs(seconds);
    if (size < 45) return seconds <= 0 ? "just now" : "in a moment";
    if (size < 3570) return relative.format(Math.round(seconds / 60), "minute");
    if (size < 86400) return relative.format(Math.round(seconds / 3600), "hour");
    return (size < 300 * 86400 ? nearFormat : farFormat).format(date);
  };
  const textOfForm = { day: (date) => dayFormat.format(date), full: (date) => shortFormat.format(date) };
  const localTimes = (within) => {
    if (!dayFormat) return;
    for (const node of within.querySelectorAll("time[datetime]")) {
      const date = new Date(node.dateTime);
      if (Number.isNaN(date.getTime())) continue;
      node.title = fullFormat.format(date);
      node.textContent = (textOfForm[node.dataset.form] || timeText)(date);
    }
  };

  // ---- small spoken messages
  let toastTimer = 0;
  const say = (text) => {
    const toast = document.querySelector(".toast");
    if (!toast) return;
    toast.textContent = text;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => {
      toast.textContent = "";
    }, 2500);
  };

  const select = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };
  const copy = async (id) => {
    const node = document.getElementById(id);
    if (!node) return;
    try {
      await navigator.clipboard.writeText(node.textContent);
      say("Copied");
    } catch {
      // Over plain http browsers keep the clipboard to themselves.
      select(node);
      say("Selected: press Ctrl+C to copy");
    }
  };

  // ---- taking over parts of a fetched page
  const takeOver = (html, names, focused) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    let taken = 0;
    for (const old of document.querySelectorAll("[data-live]")) {
      const name = old.dataset.live;
      if (names && !names.includes(name)) continue;
      const fresh = page.querySelector(`[data-live="${CSS.escape(name)}"]`);
      if (!fresh) continue;
      taken += 1;
      for (const open of old.querySelectorAll("details[open][id]")) {
        fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
      }
      for (const box of old.querySelectorAll("input[type=checkbox][name=id]:checked")) {
        const same = fresh.querySelector(`input[type=checkbox][value="${CSS.escape(box.value)}"]`);
        if (same) same.checked = true;
      }
      localTimes(fresh);
      const kept = focused ?? focusKey(old);
      old.replaceWith(document.adoptNode(fresh));
      const first = fresh.querySelector("[autofocus]");
      if (first) first.focus();
      else if (kept) (fresh.querySelector(kept) ?? fresh.querySelector("button"))?.focus({ preventScroll: true });
    }
    return taken;
  };
  // A way to find the focused link or button again in the fresh part.
  const focusKey = (part) => {
    const active = document.activeElement;
    if (!active || !part.contains(active)) return null;
    if (active.matches("input[type=checkbox]")) return "input[type=checkbox]";
    if (active.matches("button[name][value]")) return `button[name="${active.name}"][value="${CSS.escape(active.value)}"]`;
    if (active.matches("a[href]")) return `a[href="${CSS.escape(active.getAttribute("href"))}"]`;
    const details = active.closest("details[id]");
    return details ? `#${CSS.escape(details.id)} > summary` : "button";
  };

  const swap = async (form, button) => {
    const names = [form.dataset.swap];
    const area = document.querySelector(`[data-live="${CSS.escape(names[0])}"]`);
    const body = new URLSearchParams(new FormData(form, button));
    const focused = area ? focusKey(area) : null; // a button that is disabled loses its focus
    const busy = button.dataset.swapButton;
    const label = button.lastChild;
    const text = label.textContent;
    button.disabled = true;
    if (area) {
      area.classList.add("busy");
      area.inert = true; // what is typed now would be gone with the old part
    }
    if (busy) label.textContent = busy;
    try {
      const answer = await fetch(button.hasAttribute("formaction") ? button.formAction : form.action, { method: "POST", body, headers: { Accept: "text/html" } });
      if (answer.redirected && new URL(answer.url).pathname === "/sign-in") {
        location.assign(answer.url);
        return;
      }
      const html = await answer.text();
      if (!takeOver(html, names, focused)) showWhole(html);
    } catch {
      say("The server could not be reached. Please try again.");
    } finally {
      button.disabled = false;
      if (busy) label.textContent = text;
      if (area) {
        area.classList.remove("busy");
        area.inert = false;
      }
      if (button.isConnected) button.focus({ preventScroll: true });
    }
  };
  // An answer without the part (an error page): say what it says.
  const showWhole = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    say(page.querySelector("#main p")?.textContent || "That did not work. Please try again.");
  };

  // ---- unfinished parts
  let delay = 800;
  const refresh = async () => {
    if (!document.querySelector("[data-unfinished]")) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (answer.ok && !answer.redirected) {
          const names = [...document.querySelectorAll("[data-unfinished]")].map((node) => node.dataset.live);
          takeOver(await answer.text(), names);
        }
      } catch {
        // The next round tries again.
      }
    }
    delay = Math.min(delay * 1.25, 8000);
    setTimeout(refresh, delay);
  };

  // ---- wiring
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.dataset.copy);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!button || !form.dataset.swap) return;
    // In a form with several buttons only the marked one stays on the page.
    if (form.querySelector("[data-swap-button]") && !button.hasAttribute("data-swap-button")) return;
    event.preventDefault();
    swap(form, button);
  });
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type === "file") {
      const name = input.closest(".drop")?.querySelector(".drop-name");
      if (name && input.files.length) name.textContent = input.files[0].name;
    }
  });
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      event.target.closest?.(".drop")?.classList.toggle("over", type === "dragover");
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    wireTheme();
    localTimes(document);
    // A page that answered a POST (a new key, a refused upload) must not be sent again by a reload.
    const canonical = document.body.dataset.canonical;
    if (canonical && canonical !== location.pathname + location.search) history.replaceState(null, "", canonical);
    setTimeout(refresh, delay);
  });
})();
