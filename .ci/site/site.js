/* The other language of the same page, for every page exists in both; without this script the link leads to its front page. */
for (const link of document.querySelectorAll("a[hreflang]")) {
  link.href = link.href.replace(/index\.html$/, location.pathname.split("/").pop() || "index.html");
}

/* Whoever has no mouse moves wide tables by the arrow keys: the theme puts each into a box that scrolls. */
addEventListener("load", () => {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap")) box.tabIndex = 0;
});
