/** A topology as a Mermaid flowchart: a subgraph for each supervisor, an arrow for each subscription. */
import { factsOf, factsOfFeed, factsOfGroup, ownNameOf, titleOf } from "./facts.ts";
import { Group, type Topology, type Vertex } from "./topology.ts";

export function mermaidOf({ tree, others }: Topology): string {
  const chart = new Chart();
  if (tree !== undefined) chart.group(tree, "  ");
  for (const vertex of others) chart.vertex(vertex, "  ");
  return chart.text;
}

class Chart {
  readonly #lines: string[] = ["flowchart LR"];
  readonly #ids = new Map<Vertex, string>();
  readonly #edges: string[] = [];
  #groups = 0;

  group(group: Group, indent: string): void {
    this.#groups += 1;
    const head = `s${this.#groups}["${escaped(titleOf(group.name, group.supervisor?.name))}<br/>${escaped(factsOfGroup(group).join(", "))}"]`;
    // An empty subgraph is not drawn by all versions.
    if (group.members.length === 0) {
      this.#lines.push(indent + head);
      return;
    }
    this.#lines.push(`${indent}subgraph ${head}`);
    for (const member of group.members) {
      if (member instanceof Group) this.group(member, `${indent}  `);
      else this.vertex(member, `${indent}  `);
    }
    this.#lines.push(`${indent}end`);
  }

  vertex(vertex: Vertex, indent: string): void {
    const id = this.#id(vertex);
    const label = escaped(titleOf(vertex.label, ownNameOf(vertex)));
    if (vertex.kind === "foreign") this.#lines.push(`${indent}${id}(["${label}"])`);
    else {
      const [role, ...facts] = factsOf(vertex).map(escaped);
      this.#lines.push(`${indent}${id}["${[label, role, facts.join(", ")].join("<br/>")}"]`);
    }
    for (const feed of vertex.feeds) this.#edges.push(`  ${this.#id(feed.from)} -->|"${escaped(factsOfFeed(feed))}"| ${id}`);
    for (const reader of vertex.readers) this.#edges.push(`  ${id} --> ${this.#id(reader)}`);
  }

  get text(): string {
    return [...this.#lines, ...this.#edges].join("\n");
  }

  #id(vertex: Vertex): string {
    const id = this.#ids.get(vertex) ?? `n${this.#ids.size + 1}`;
    this.#ids.set(vertex, id);
    return id;
  }
}

/**
 * As character codes goes whatever is no letter or digit, so that nothing is taken for Mermaid, HTML or Markdown; but for
 * what is harmless inside of words and sentences.
 */
function escaped(text: string): string {
  const line = text.trim();
  return line.replace(/[^\p{L}\p{N} ]/gu, (character, place: number) => {
    const isInWord = /[_-]/.test(character) && WORD.test(line[place - 1] ?? "") && WORD.test(line[place + 1] ?? "");
    const isInSentence = character === "," && line[place + 1] === " ";
    return isInWord || isInSentence ? character : `#${character.codePointAt(0)};`;
  });
}

const WORD = /[\p{L}\p{N}]/u;
