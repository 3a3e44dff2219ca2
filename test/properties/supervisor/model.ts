/** What OTP's supervisors do, as a small pure program: who runs, and in what order all are started and stopped. */
import { parentOf, type BranchPlan, type How, type LeafPlan, type NodePlan, type Step } from "./plan.ts";

type State = "running" | "restarting" | "stopped" | "ended";

abstract class Node {
  readonly name: string;
  readonly parent: Branch | undefined;
  abstract readonly plan: NodePlan;
  state: State = "restarting";

  constructor(name: string, parent: Branch | undefined) {
    this.name = name;
    this.parent = parent;
  }
}

class Leaf extends Node {
  readonly plan: LeafPlan;
  /** How many of its next starts fail. */
  failures = 0;

  constructor(name: string, plan: LeafPlan, parent: Branch) {
    super(name, parent);
    this.plan = plan;
  }
}

class Branch extends Node {
  readonly plan: BranchPlan;
  children: (Leaf | Branch)[] = [];
  restarts = 0;

  constructor(name: string, plan: BranchPlan, parent: Branch | undefined) {
    super(name, parent);
    this.plan = plan;
  }
}

interface End {
  readonly node: Leaf | Branch;
  readonly isError: boolean;
}

export class Model {
  readonly #root: Branch;
  /** The names of all leaves that there ever were. */
  readonly names: string[] = [];
  #log: string[] = [];
  #added = 0;

  constructor(plan: BranchPlan) {
    this.#root = new Branch("root", plan, undefined);
    this.#start(this.#root);
  }

  /** What was started and stopped since the last reading. */
  read(): string[] {
    const log = this.#log;
    this.#log = [];
    return log;
  }

  get isUp(): boolean {
    return this.#root.state === "running";
  }

  /** Every child with its state, as the snapshot of the tree shows it. */
  states(branch: Branch = this.#root): string[] {
    return branch.children.flatMap((child) => [`${child.name} ${child.state}`, ...(child instanceof Branch && child.state === "running" ? this.states(child) : [])]);
  }

  /** Makes a step. Returns how many leaves end by themselves in it, in no order. */
  step(step: Step): number {
    if (!this.isUp) return 0;
    if (step.type === "stop") {
      this.#stop(this.#root);
      return 0;
    }
    if (step.type === "end" || step.type === "end-and-no-start") return this.#end(step);
    const leaf = this.#find(step.leaf);
    const parent = leaf?.parent;
    if (leaf === undefined || parent === undefined) return 0;
    if (step.type === "add") {
      const added = new Leaf(`${parent.name}+${(this.#added += 1)}`, step.plan, parent);
      parent.children.push(added);
      this.#start(added);
    } else {
      const wasOver = leaf.state === "ended";
      this.#stop(leaf);
      if (step.call === "restartChild") this.#start(leaf);
      else if (step.call === "removeChild" || leaf.plan.restart === "temporary") this.#forget(leaf);
      else if (!wasOver) leaf.state = "stopped";
    }
    this.#checkDone(parent);
    return 0;
  }

  #nameOf(number: number): string {
    return this.names[number % this.names.length] ?? "";
  }

  /** The leaf with that number, if it is among the children of a supervisor that runs. */
  #find(number: number): Leaf | undefined {
    const name = this.#nameOf(number);
    const search = (branch: Branch): Leaf | undefined => {
      for (const child of branch.children) {
        const found = child instanceof Leaf ? child : child.state === "running" ? search(child) : undefined;
        if (found?.name === name) return found;
      }
      return undefined;
    };
    return search(this.#root);
  }

  #end(step: Extract<Step, { type: "end" | "end-and-no-start" }>): number {
    const numbers = step.type === "end" && step.other !== undefined ? [step.leaf, step.other] : [step.leaf];
    const parent = parentOf(this.#nameOf(step.leaf));
    const found = new Set(numbers.map((number) => this.#find(number)).filter((leaf) => leaf !== undefined));
    const up = [...found].filter((leaf) => leaf.state === "running" && leaf.parent?.name === parent);
    const branch = up[0]?.parent;
    if (branch === undefined) return 0;
    for (const leaf of up) {
      if (step.type === "end-and-no-start") leaf.failures = step.times;
      this.#stop(leaf);
    }
    const how = step.type === "end" ? step.how : "fails";
    this.#handle(
      branch,
      up.map((node) => ({ node, isError: isError(node.plan, how) })),
    );
    return up.length;
  }

  /** One round of a supervisor. */
  #handle(branch: Branch, ends: readonly End[]): void {
    const down = new Set<Leaf | Branch>();
    for (const { node, isError: hasFailed } of ends) {
      const { restart } = node.plan;
      if (restart === "temporary" || (restart === "transient" && !hasFailed)) {
        node.state = "ended";
        if (restart === "temporary") this.#forget(node);
        continue;
      }
      if (branch.restarts >= branch.plan.maxRestarts) {
        this.#stop(branch);
        this.#tellParent(branch, true);
        return;
      }
      branch.restarts += 1;
      down.add(node);
    }
    const failed: End[] = [];
    if (down.size > 0) {
      const affected = this.#affected(branch, down);
      for (const node of affected.toReversed()) {
        this.#stop(node);
        node.state = "restarting";
        if (node.plan.restart === "temporary") this.#forget(node);
      }
      for (const node of affected) {
        if (!branch.children.includes(node) || this.#start(node)) continue;
        failed.push({ node, isError: true });
        if (branch.plan.strategy !== "oneForOne") break;
      }
    }
    if (failed.length > 0) this.#handle(branch, failed);
    else this.#checkDone(branch);
  }

  #affected({ plan: { strategy }, children }: Branch, down: ReadonlySet<Leaf | Branch>): (Leaf | Branch)[] {
    if (strategy === "oneForAll") return [...children];
    if (strategy === "oneForOne") return children.filter((child) => down.has(child));
    return children.slice(children.findIndex((child) => down.has(child)));
  }

  #checkDone(branch: Branch): void {
    if (branch.state !== "running" || branch.children.some(({ state }) => state !== "ended")) return;
    branch.state = "ended";
    this.#tellParent(branch, false);
  }

  #tellParent(branch: Branch, hasFailed: boolean): void {
    if (branch.parent !== undefined) this.#handle(branch.parent, [{ node: branch, isError: hasFailed }]);
  }

  /** Returns whether it came up. */
  #start(node: Leaf | Branch): boolean {
    if (node instanceof Leaf) {
      if (!this.names.includes(node.name)) this.names.push(node.name);
      if (node.failures > 0) {
        node.failures -= 1;
        this.#log.push(`${node.name} cannot start`);
        return false;
      }
      this.#log.push(`start ${node.name}`);
    } else {
      node.restarts = 0;
      node.children = node.plan.children.map((plan, place) => (plan.type === "leaf" ? new Leaf(`${node.name}.${place}`, plan, node) : new Branch(`${node.name}.${place}`, plan, node)));
      for (const child of node.children) this.#start(child);
    }
    node.state = "running";
    return true;
  }

  #stop(node: Leaf | Branch): void {
    if (node.state !== "running") return;
    if (node instanceof Leaf) this.#log.push(`stop ${node.name}`);
    else {
      for (const child of node.children.toReversed()) {
        this.#stop(child);
        if (child.state !== "stopped") child.state = "ended";
      }
    }
    node.state = "ended";
  }

  #forget(node: Leaf | Branch): void {
    const siblings = node.parent?.children ?? [];
    const place = siblings.indexOf(node);
    if (place >= 0) siblings.splice(place, 1);
  }
}

/** A normal end whose clean-up fails is an error. */
function isError(plan: NodePlan, how: How): boolean {
  if (how === "fails" || how === "rejects") return true;
  return how === "completes" && plan.type === "leaf" && plan.kind === "stage" && plan.stops !== "sync" && plan.stops !== "async";
}
