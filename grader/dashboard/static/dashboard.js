// Keys and reusable comments. Every page works without this file.
"use strict";

let lastReason = null;

function typing(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

function follow(rel) {
  const link = document.querySelector(`link[rel="${rel}"], a[rel="${rel}"]`);
  if (link) location.assign(link.href);
}

function nextWaiting() {
  const waiting = [...document.querySelectorAll(".check.waits")];
  const active = document.activeElement ? document.activeElement.closest(".check") : null;
  const next = waiting[(waiting.indexOf(active) + 1) % Math.max(1, waiting.length)];
  if (!next) return;
  next.scrollIntoView({ block: "center" });
  const input = next.querySelector('input[name="points"]');
  if (input) input.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing(event.target)) event.target.blur();
  if (typing(event.target)) return;
  const search = document.querySelector('input[type="search"]');
  const keys = document.getElementById("keys");
  const actions = {
    j: () => follow("next"),
    k: () => follow("prev"),
    u: () => follow("up"),
    n: nextWaiting,
    "/": () => search && search.focus(),
    "?": () => keys.showModal(),
  };
  if (!(event.key in actions)) return;
  event.preventDefault();
  actions[event.key]();
});

document.addEventListener("focusin", (event) => {
  const form = event.target.closest(".decide form");
  if (form) lastReason = form.querySelector('textarea[name="reason"]');
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-comment]");
  if (!button) return;
  const reason = lastReason && lastReason.isConnected ? lastReason : document.querySelector(".decide[open] textarea");
  if (!reason) return;
  reason.value = reason.value.trim() ? `${reason.value.trim()}\n${button.dataset.comment}` : button.dataset.comment;
  reason.focus();
});
