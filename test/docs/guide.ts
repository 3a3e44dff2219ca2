/** A guide in `docs/`, and what its code prints. */
import { readFileSync } from "node:fs";
import { format } from "node:util";
import { onTestFinished, vi } from "vitest";
import { fencesOf } from "./fences.ts";

export function guideText(guide: string): string {
  return readFileSync(new URL(`../../docs/${guide}.md`, import.meta.url), "utf8");
}

/** What a guide says that its code prints: its fences of text, in order. */
export function outputsOf(guide: string): readonly string[] {
  return fencesOf(guideText(guide), "text");
}

/** Keeps what `console.log` is told until the test is over. Called: what has been printed since, as text. */
export function printing(): () => string {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((...values: readonly unknown[]) => void lines.push(format(...values)));
  onTestFinished(() => spy.mockRestore());
  return () => lines.splice(0).join("\n");
}
