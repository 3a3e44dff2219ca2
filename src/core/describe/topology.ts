/** Who supervises whom, and who feeds whom, at one moment: what `describe` writes down. */
import { consumersBehind, membersOf, producersBehind, snapshotBehind, type Snapshot, type Visible } from "../inspect.ts";
import { readTime } from "../scheduler.ts";
import type { Stage } from "../stages.ts";
import type { Supervisor, SupervisorSnapshot } from "../supervision/supervisors.ts";

/** A child, as its supervisor sees it. */
type Entry = SupervisorSnapshot["children"][number];

/** How many children a `consumerSupervisor` has, and how many of them are not waiting for their restart. */
interface ChildCounts {
  readonly active: number;
  readonly workers: number;
}

/** What events come from or go to. */
export class Vertex {
  readonly kind: "stage" | "task" | "foreign";
  readonly name: string;
  readonly snapshot: Snapshot | undefined;
  readonly entry: Entry | undefined;
  readonly children: ChildCounts | undefined;
  /** Unlike the name of any other. */
  label = "";
  /** From whom its events come. */
  readonly feeds: Feed[] = [];
  /** Who reads it and is no stage: a loop, a foreign consumer. */
  readonly readers: Vertex[] = [];

  constructor(kind: Vertex["kind"], name: string, snapshot?: Snapshot, entry?: Entry, children?: ChildCounts) {
    this.kind = kind;
    this.name = name;
    this.snapshot = snapshot;
    this.entry = entry;
    this.children = children;
  }
}

/** One subscription. */
export interface Feed {
  readonly from: Vertex;
  /** Asked for and not handled; absent when the consumer asks by hand. */
  readonly asked: number | undefined;
  /** Asked for and not sent; absent when the producer is a foreign one. */
  readonly unanswered: number | undefined;
  /** For how long nothing has been sent, in ms, while something is asked for. */
  readonly unansweredMs: number | undefined;
}

/** A supervisor with its children, or a pipeline with its stages. */
export class Group {
  readonly name: string;
  /** Absent for a pipeline. */
  readonly supervisor: SupervisorSnapshot | undefined;
  readonly entry: Entry | undefined;
  readonly members: (Group | Vertex)[] = [];

  constructor(name: string, supervisor: SupervisorSnapshot | undefined, entry: Entry | undefined) {
    this.name = name;
    this.supervisor = supervisor;
    this.entry = entry;
  }
}

/** All that can be reached from a stage or a supervisor. */
export class Topology {
  /** What was asked about: absent for a stage alone. */
  readonly tree: Group | undefined;
  /** What is not in the tree and feeds it, or is fed by it: producers before their consumers. */
  readonly others: readonly Vertex[];
  readonly #vertices: Vertex[] = [];
  /** By all that can stand for a stage: its handle, and its core. */
  readonly #known = new Map<object, Vertex>();

  constructor(root: Stage | Supervisor) {
    if (isSupervisor(root)) this.tree = this.#group(root, undefined);
    else this.#stage(root, undefined);
    const inTree = this.tree === undefined ? 0 : this.#vertices.length;
    // It grows while we go: neighbours have neighbours.
    for (let place = 0; place < this.#vertices.length; place += 1) this.#connect(this.#vertices[place] as Vertex);
    this.others = inOrder(this.#vertices.slice(inTree));
    label(this.tree === undefined ? this.others : [...membersIn(this.tree), ...this.others]);
  }

  // ---- who is there

  #group(supervisor: Supervisor, entry: Entry | undefined): Group {
    const snapshot = supervisor.snapshot();
    const group = new Group(entry?.name ?? snapshot.name, snapshot, entry);
    for (const child of snapshot.children) group.members.push(this.#child(supervisor.children[child.name], child));
    return group;
  }

  #child(value: unknown, entry: Entry): Group | Vertex {
    if (isSupervisor(value)) return this.#group(value, entry);
    const members = membersOf(value);
    if (members !== undefined) {
      const group = new Group(entry.name, undefined, entry);
      for (const stage of members) group.members.push(this.#stage(stage, undefined));
      return group;
    }
    return isVisible(value) ? this.#stage(value, entry) : this.#add(new Vertex("task", entry.name, undefined, entry));
  }

  #stage(stage: Visible, entry: Entry | undefined): Vertex {
    const snapshot = stage.snapshot();
    const vertex = this.#add(new Vertex("stage", entry?.name ?? snapshot.name, snapshot, entry, childCountsOf(stage)));
    this.#know(stage, vertex);
    return vertex;
  }

  #add(vertex: Vertex): Vertex {
    this.#vertices.push(vertex);
    const { input, output } = vertex.snapshot ?? {};
    // Two, for a stage that is made of a consumer and a producer.
    if (input !== undefined) this.#know(producersBehind(input.subscriptions)?.core, vertex);
    if (output !== undefined) this.#know(consumersBehind(output.consumers)?.core, vertex);
    return vertex;
  }

  #know(identity: object | undefined, vertex: Vertex): void {
    if (identity !== undefined && !this.#known.has(identity)) this.#known.set(identity, vertex);
  }

  // ---- who feeds whom

  #connect(vertex: Vertex): void {
    const { input, output } = vertex.snapshot ?? {};
    if (input !== undefined) {
      const behind = producersBehind(input.subscriptions);
      const seen = new Map<Vertex, number>();
      for (const [place, { name, outstanding }] of input.subscriptions.entries()) {
        const partner = behind?.partners[place];
        const from = this.#producer(partner?.target, name);
        const nth = seen.get(from) ?? 0;
        seen.set(from, nth + 1);
        vertex.feeds.push({
          from,
          asked: partner?.isAutomatic === false && outstanding === 0 ? undefined : outstanding,
          ...unansweredOf(behind?.core, nth, from),
        });
      }
    }
    if (output !== undefined) {
      const partners = consumersBehind(output.consumers)?.partners;
      for (const [place, name] of output.consumers.entries()) {
        const reader = this.#consumer(partners?.[place]?.identity, name);
        if (reader !== undefined) vertex.readers.push(reader);
      }
    }
  }

  #producer(target: object | undefined, name: string): Vertex {
    const known = target && this.#known.get(target);
    if (known !== undefined) return known;
    if (!isVisible(target)) {
      const vertex = this.#add(new Vertex("foreign", name));
      this.#know(target, vertex);
      return vertex;
    }
    // It may be known as somebody's consumer.
    const { output } = target.snapshot();
    const core = output && consumersBehind(output.consumers)?.core;
    return (core && this.#known.get(core)) ?? this.#stage(target, undefined);
  }

  /** Returns who is no stage. */
  #consumer(identity: object | undefined, name: string): Vertex | undefined {
    if (identity !== undefined && this.#known.has(identity)) return undefined;
    const snapshot = identity && snapshotBehind(identity);
    if (snapshot === undefined) return this.#add(new Vertex("foreign", name));
    this.#add(new Vertex("stage", snapshot.name, snapshot));
    return undefined;
  }
}

/** What the producer knows of the nth of its subscriptions that a consumer has. */
function unansweredOf(consumer: object | undefined, nth: number, { snapshot }: Vertex): Pick<Feed, "unanswered" | "unansweredMs"> {
  const links = snapshot?.output && consumersBehind(snapshot.output.consumers)?.partners;
  const link = links?.filter(({ identity }) => identity === consumer)[nth];
  return { unanswered: link?.unanswered, unansweredMs: link === undefined || link.unanswered === 0 ? undefined : readTime() - link.since };
}

function childCountsOf(stage: Visible): ChildCounts | undefined {
  return "counts" in stage ? (stage.counts as ChildCounts) : undefined;
}

function isSupervisor(value: unknown): value is Supervisor {
  return isVisible(value) && "role" in value && value.role === "supervisor";
}

function isVisible(value: unknown): value is Visible {
  return typeof value === "object" && value !== null && "snapshot" in value && typeof value.snapshot === "function";
}

/** Producers before their consumers; otherwise, and in a ring, as they come. */
function inOrder(vertices: readonly Vertex[]): readonly Vertex[] {
  const ordered = new Set<Vertex>();
  const seen = new Set<Vertex>();
  const rest = new Set(vertices);
  // No recursion: chains may be long.
  for (const start of vertices) {
    const stack = [start];
    while (stack.length > 0) {
      const vertex = stack.at(-1) as Vertex;
      const isNew = !seen.has(vertex);
      seen.add(vertex);
      const before = isNew ? vertex.feeds.map(({ from }) => from).filter((from) => rest.has(from) && !seen.has(from)) : [];
      if (before.length === 0) ordered.add(stack.pop() as Vertex);
      else stack.push(...before.toReversed());
    }
  }
  return [...ordered];
}

function membersIn(group: Group): Vertex[] {
  return group.members.flatMap((member) => (member instanceof Group ? membersIn(member) : [member]));
}

/** Names are labels: of those that have the same, all but the first get a number. */
function label(vertices: readonly Vertex[]): void {
  const next = new Map<string, number>();
  const taken = new Set<string>();
  for (const vertex of vertices) {
    vertex.label = vertex.name;
    let number = next.get(vertex.name) ?? 2;
    for (; taken.has(vertex.label); number += 1) vertex.label = `${vertex.name} #${number}`;
    next.set(vertex.name, number);
    taken.add(vertex.label);
  }
}
