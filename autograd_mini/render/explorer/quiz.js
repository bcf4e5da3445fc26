// The quiz: the gradients are hidden, the reader works them out, and the first arrow that went wrong is shown.

class Quiz {
  // `places` are the visible values: the quiz asks for their gradients.
  constructor(tape, host, act, places) {
    this.tape = tape;
    this.shown = new Array(tape.nodes.length).fill(null);
    this.shown[tape.root] = 1;
    this.wrong = null;
    this.boxes = new Map();
    const order = places.filter((i) => i !== tape.root && tape.sharing(i).length === 1).sort((a, b) => b - a);
    host.replaceChildren(
      ...order.map((i) => {
        const box = html("input", {
          type: "text",
          inputmode: "decimal",
          autocomplete: "off",
          "aria-label": say("quizBox", { name: nameOf(i) }),
          "data-quiz": i,
          onfocus: () => act.pointAt(i),
          onblur: () => act.look(null),
        });
        const mark = html("span", { class: "verdict", "aria-hidden": "true" });
        this.boxes.set(i, { box, mark });
        const math = mathml("math", derivative(symbol(tape.root), symbol(i)));
        math.setAttribute("displaystyle", "true");
        const where = hasNamesake(i) && graph.nodes[i].part ? [html("small", {}, graph.nodes[i].part)] : [];
        return html("li", {}, html("label", {}, where, math, operatorText("="), box, mark));
      }),
    );
  }

  // Check the answers in the order of the backward pass; returns a sentence.
  check() {
    this.wrong = null;
    let right = 0;
    let first = null;
    for (const [i, { box, mark }] of this.boxes) {
      const answer = parseNumber(box.value);
      const isRight = isRightAnswer(box.value, this.tape.gradients[i]);
      right += isRight;
      this.shown[i] = isRight ? this.tape.gradients[i] : null;
      if (first === null && !isRight) first = { i, answer };
      const isFirst = first?.i === i;
      mark.textContent = isRight ? "✓" : isFirst && box.value ? "✗" : "";
      box.setAttribute("aria-invalid", isFirst && box.value !== "" ? "true" : "false");
    }
    if (!first) {
      this.shown = [...this.tape.gradients];
      return say("quizAllRight");
    }
    const done = say("quizSoFar", { right, count: this.boxes.size });
    if (Number.isNaN(first.answer)) return `${done} ${say("quizNext", { name: nameOf(first.i) })}`;
    this.wrong = this.firstWrongArrow(first.i, first.answer);
    const ends = { head: nameOf(this.wrong.head), tail: nameOf(this.wrong.tail) };
    return `${done} ${say(this.hasForgotten ? "quizForgotten" : "quizWrong", ends)}`;
  }

  // The arrow whose contribution was left out, if that explains the answer, else the first arrow with a contribution.
  firstWrongArrow(i, answer) {
    const arrows = this.tape.arrivalsAt(i);
    const lacking =
      arrows.length > 1
        ? arrows.find((arrow) => isClose(answer, this.tape.gradients[i] - this.tape.arrivals[arrow.number].product))
        : undefined;
    this.hasForgotten = lacking !== undefined;
    return lacking ?? arrows[0];
  }

  reveal() {
    this.wrong = null;
    this.shown = [...this.tape.gradients];
    for (const [i, { box, mark }] of this.boxes) {
      box.value = brief(this.tape.gradients[i]);
      mark.textContent = "";
    }
  }
}

// Whether another value has the same name, so that the name alone is ambiguous.
const hasNamesake = (i) => graph.nodes.some((_, other) => other !== i && nameOf(other) === nameOf(i));

const operatorText = (text) => html("span", { "aria-hidden": "true" }, ` ${text} `);

// Right is also what the page shows for it, such as 0.0012 and nan.
function isRightAnswer(text, truth) {
  if (Number.isNaN(truth)) return text.trim().toLowerCase() === show(truth);
  const answer = parseNumber(text);
  return isClose(answer, truth) || show(answer) === show(truth);
}

// Right to three digits.
function isClose(answer, truth) {
  if (!Number.isFinite(truth)) return answer === truth;
  return Math.abs(answer - truth) <= Math.max(0.002 * Math.abs(truth), 1e-9);
}
