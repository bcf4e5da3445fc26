// A moving picture is an SVG whose frames are its groups of class "frame". It comes with its last frame shown; this adds
// a slider and a button that plays. Without scripts the last frame stays.
for (const figure of document.querySelectorAll("figure.moving")) {
  const frames = [...figure.querySelectorAll("g.frame")];
  const last = frames.length - 1;
  const slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: last, value: last });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "md-button" });
  let timer = 0;

  const show = (at) => {
    frames.forEach((frame, i) => frame.setAttribute("display", i === at ? "inline" : "none"));
    slider.value = at;
    slider.setAttribute("aria-valuetext", frames[at].querySelector(".says").textContent);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
  };
  const play = () => {
    button.textContent = "Pause";
    if (Number(slider.value) === last) show(0);
    timer = setInterval(() => (Number(slider.value) < last ? show(Number(slider.value) + 1) : stop()), 150);
  };

  slider.setAttribute("aria-label", "Moment of the training");
  slider.addEventListener("input", () => (stop(), show(Number(slider.value))));
  button.addEventListener("click", () => (timer ? stop() : play()));
  const controls = Object.assign(document.createElement("div"), { className: "controls" });
  controls.append(button, slider);
  figure.querySelector("svg").after(controls);
  stop();
  show(last);
}
