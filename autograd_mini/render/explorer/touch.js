// Two fingers zoom the picture, and so does the wheel with Ctrl; a mouse drags it.  One finger scrolls the page, as
// everywhere, so that it can pass a figure in a text.

function makeTouchable(host, picture) {
  const apart = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  const middle = ([a, b]) => [(a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2];
  let pinch = null;

  host.addEventListener(
    "touchstart",
    (event) => {
      const touches = [...event.touches];
      pinch = touches.length === 2 ? { distance: apart(touches), zoom: picture.zoom, at: middle(touches) } : null;
    },
    { passive: true },
  );
  host.addEventListener(
    "touchmove",
    (event) => {
      const touches = [...event.touches];
      if (!pinch || touches.length !== 2) return;
      event.preventDefault();
      const at = middle(touches);
      picture.zoomAt((pinch.zoom * apart(touches)) / pinch.distance, ...at);
      host.scrollBy(pinch.at[0] - at[0], pinch.at[1] - at[1]);
      pinch.at = at;
    },
    { passive: false },
  );
  host.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      picture.zoomAt(picture.zoom * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
    },
    { passive: false },
  );

  let drag = null;
  host.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest(".press, .card")) return;
    drag = { x: event.clientX, y: event.clientY, left: host.scrollLeft, top: host.scrollTop };
    host.setPointerCapture(event.pointerId);
  });
  host.addEventListener("pointermove", (event) => {
    if (drag) host.scrollTo(drag.left + drag.x - event.clientX, drag.top + drag.y - event.clientY);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    host.addEventListener(end, () => {
      drag = null;
    });
  }
}
