/* Search works in a web worker, and none starts from a page that was opened as a file: an invisible frame does its work there. */
if (location.protocol === "file:") {
  const load = (inside, address) =>
    new Promise((done, failed) => {
      const script = inside.document.createElement("script");
      Object.assign(script, { src: address, onload: done, onerror: failed });
      inside.document.head.append(script);
    });
  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(address) {
      super();
      this.ready = new Promise((done) => {
        const frame = document.createElement("iframe");
        Object.assign(frame, { hidden: true, srcdoc: "<!doctype html><title>search</title>" });
        frame.addEventListener("load", () => {
          const inside = frame.contentWindow;
          inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
          inside.importScripts = (...addresses) =>
            addresses.reduce((before, one) => before.then(() => load(inside, one)), Promise.resolve());
          load(inside, address).then(() => done(inside));
        });
        document.body.append(frame);
      });
    }
    postMessage(data) {
      this.ready.then((inside) => inside.dispatchEvent(new inside.MessageEvent("message", { data })));
    }
    terminate() {}
  };
}
