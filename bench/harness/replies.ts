import type { Figures } from "./case.ts";

/** What the process of a case tells its parent: `ready` once, then one reply for each `run`. */
export type Reply =
  | { readonly type: "ready" }
  | { readonly type: "figures"; readonly figures: Figures }
  | { readonly type: "failed"; readonly message: string };
