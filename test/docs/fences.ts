/** The code of a guide, and whether a test runs it. */

/** The fences of a language, in order. */
export function fencesOf(guide: string, language = "ts"): readonly string[] {
  return [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter((match) => match[1] === language).map((match) => (match[2] ?? "").trimEnd());
}

/** The paragraphs of the fences that are not in the source: there each may be at any depth. */
export function paragraphsMissing(guide: string, source: string): readonly string[] {
  const code = flat(source);
  return fencesOf(guide)
    .flatMap((fence) => fence.split("\n\n"))
    .filter((paragraph) => !code.includes(`\n${flat(paragraph)}\n`));
}

function flat(code: string): string {
  return code.replace(/^\s+/gm, "");
}
