import { fromObservable, unbounded } from "sluice/rxjs";

import { pushedLists } from "../pushed-lists.ts";
import type { WayIn } from "./way-in.ts";

export const observable: WayIn = (events) => fromObservable(pushedLists(events), { overflow: unbounded });
