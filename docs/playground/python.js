// Python in its own worker, with a second one kept ready in case the first has to be stopped.

// A worker of a blob has the content security policy of this page; one of a file would have none.
const SOURCE = `import ${JSON.stringify(new URL("worker.js", import.meta.url).href)};`;

class Machine {
  constructor(heard) {
    this.state = "loading";
    this.url = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
    this.worker = new Worker(this.url, { type: "module" });
    this.worker.onmessage = ({ data }) => heard(this, data);
    this.worker.onerror = (event) => heard(this, { kind: "failed", text: event.message || "the worker did not start" });
  }

  end() {
    this.worker.terminate();
    URL.revokeObjectURL(this.url);
  }
}

export class Python {
  // `tell` gets the messages of workers: "progress", "ready", "failed", "done", and those of a program.
  constructor(tell) {
    this.tell = tell;
    this.waiting = null;
    this.spare = null;
    this.active = this.machine();
  }

  machine() {
    return new Machine((machine, message) => this.heard(machine, message));
  }

  get running() {
    return this.active.state === "running" || this.waiting !== null;
  }

  run(program) {
    this.waiting = program;
    this.begin();
  }

  begin() {
    if (this.active.state !== "ready" || this.waiting === null) return;
    this.active.state = "running";
    this.active.worker.postMessage(this.waiting);
    this.waiting = null;
    this.tell({ kind: "begun" });
  }

  // Stop the running program. The spare worker takes over at once, and another one is made.
  stop() {
    if (this.active.state === "running") this.replace();
    this.waiting = null;
    this.tell({ kind: "stopped", ready: this.active.state === "ready" });
  }

  replace() {
    this.active.end();
    this.active = this.spare ?? this.machine();
    this.spare = null;
    this.keepSpare();
  }

  keepSpare() {
    if (this.active.state !== "loading" && !this.spare) this.spare = this.machine();
  }

  heard(machine, message) {
    if (message.kind === "ready") machine.state = "ready";
    if (message.kind === "done") {
      if (message.crash) this.replace();
      else machine.state = "ready";
      this.tell(message);
      return;
    }
    if (machine === this.active) this.tell(message);
    else if (message.kind === "ready") this.tell({ kind: "warm" });
    else if (message.kind === "failed") this.spare = null;
    if (message.kind === "ready" && machine === this.active) {
      this.begin();
      this.keepSpare();
    }
  }
}
