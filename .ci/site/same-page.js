/* The other language of the same page, for every page exists in both; without this script the link leads to its front page. */
for (const link of document.querySelectorAll("a[hreflang]")) {
  link.href = link.href.replace(/index\.html$/, location.pathname.split("/").pop() || "index.html");
}
