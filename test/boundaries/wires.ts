/** The interface monitor on every wire between two stages, and between a stage and an adapter or a loop. */
import { OUTLET } from "sluice";
import { monitored, type ProtocolViolation } from "sluice/testing";
import { standBeforeOutlets } from "../setup/outlets.ts";

/** In `npm test` the monitor listens already. */
export function listenToWires(handleViolation: (violation: ProtocolViolation) => void): () => void {
  return standBeforeOutlets((outlet, subscriber, replaces) => monitored({ [OUTLET]: outlet }, { handleViolation })[OUTLET].connect(subscriber, replaces));
}
