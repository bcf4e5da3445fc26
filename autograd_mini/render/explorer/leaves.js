// The numbers of the leaves, as a table with sliders, and the plot of a descent.

class LeafTable {
  constructor(tape, host, act) {
    this.tape = tape;
    this.rows = new Map();
    this.many = new Map();
    const hasParameters = tape.leaves.some((i) => graph.nodes[i].part);
    for (const i of tape.leaves) {
      if (tape.faceOf(i) !== i) continue;
      if (tape.sharing(i).length > 1) {
        host.append(this.rowOfMany(i, act));
        continue;
      }
      const start = tape.initial.get(i);
      const reach = Number.isFinite(start) ? Math.max(1, 2 * Math.abs(start)) : 1;
      const middle = Number.isFinite(start) ? start : 0;
      const name = nameOf(i);
      const slider = html("input", {
        type: "range",
        min: middle - reach,
        max: middle + reach,
        step: "any",
        "aria-label": say("slider", { name }),
        oninput: (event) => act.setLeaf(i, Number(event.target.value)),
      });
      const box = html("input", {
        type: "text",
        inputmode: "decimal",
        autocomplete: "off",
        "aria-label": say("numberBox", { name }),
        onfocus: (event) => {
          event.target.value = exact(act.leaf(i)); // all its digits
          event.target.select();
        },
        onblur: (event) => act.typeLeaf(i, event.target),
        onkeydown: (event) => {
          if (event.key === "Enter") event.target.blur();
        },
      });
      const gradient = html("td", { class: "figures" });
      const chosen = html("input", { type: "checkbox", "aria-label": say("choose", { name }) });
      chosen.checked = !hasParameters || graph.nodes[i].part;
      const row = html(
        "tr",
        { "data-leaf": i, onmouseenter: () => act.trace(i), onmouseleave: () => act.trace(null) },
        html(
          "th",
          { scope: "row", title: name },
          html(
            "label",
            {},
            chosen,
            html("span", {}, graph.nodes[i].name, graph.nodes[i].part ? html("small", {}, graph.nodes[i].part) : ""),
          ),
        ),
        html("td", { class: "moving" }, slider),
        html("td", {}, box),
        gradient,
      );
      this.rows.set(i, { slider, box, gradient, chosen });
      host.append(row);
    }
  }

  // For the data of many samples, only its size.
  rowOfMany(i, act) {
    const all = this.tape.sharing(i);
    const numbers = showAll(all.map((one) => this.tape.initial.get(one)));
    const value = html("td", { class: "figures span", colspan: 2 }, numbers);
    const gradient = html("td", { class: "figures span" });
    this.many.set(i, { all, gradient });
    const row = { "data-leaf": i, onmouseenter: () => act.trace(i), onmouseleave: () => act.trace(null) };
    const name = html("th", { scope: "row", title: nameOf(i) }, graph.nodes[i].name);
    return html("tr", row, name, value, gradient);
  }

  show(values, gradients) {
    for (const { all, gradient } of this.many.values()) {
      gradient.textContent = showAll(all.map((one) => gradients[one]));
    }
    for (const [i, row] of this.rows) {
      const x = values.get(i);
      if (document.activeElement !== row.slider) row.slider.value = x;
      if (document.activeElement !== row.box) row.box.value = exact(Number(x.toPrecision(7)));
      row.box.setAttribute("aria-invalid", "false");
      row.gradient.textContent = gradients[i] === null ? "—" : show(gradients[i]);
      row.gradient.title = gradients[i] === null ? "" : exact(gradients[i]);
    }
  }

  chosen() {
    return [...this.rows].filter(([, row]) => row.chosen.checked).map(([i]) => i);
  }
}

// A number that was typed, or copied from the page, which uses the minus sign −; NaN if it isn't a number.
function parseNumber(text) {
  const plain = text.trim().replaceAll("−", "-").replace("∞", "Infinity");
  return plain === "" ? NaN : Number(plain);
}

// ---- the descent ----

const PLOT = { width: 300, height: 96, margin: 8 };

function plotCost(host, costs) {
  const finite = costs.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const x = (k) => PLOT.margin + ((PLOT.width - 2 * PLOT.margin) * k) / Math.max(1, costs.length - 1);
  const y = (cost) =>
    PLOT.height - PLOT.margin - (PLOT.height - 2 * PLOT.margin) * (high > low ? (cost - low) / (high - low) : 0.5);
  const points = costs.flatMap((cost, k) => (Number.isFinite(cost) ? [[x(k), y(cost)]] : []));
  const last = points.at(-1);
  const picture = svg(
    "svg",
    {
      viewBox: `0 0 ${PLOT.width} ${PLOT.height}`,
      role: "img",
      "aria-label": say("plot", { first: show(costs[0]), last: show(costs.at(-1)), steps: costs.length - 1 }),
    },
    svg("line", {
      x1: PLOT.margin,
      x2: PLOT.width - PLOT.margin,
      y1: PLOT.height - PLOT.margin + 4,
      y2: PLOT.height - PLOT.margin + 4,
      class: "axis",
    }),
    svg("polyline", {
      points: points.map((point) => point.map((c) => c.toFixed(1)).join(",")).join(" "),
      class: "curve",
    }),
    ...(last ? [svg("circle", { cx: last[0], cy: last[1], r: 3.5, class: "dot" })] : []),
  );
  host.replaceChildren(picture);
}
