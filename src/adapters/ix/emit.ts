import { SluiceError, type Self } from "../../core/index.ts";

/** Emits a list; returns whether the stage took it, as it may be about to end for another reason. */
export function emit<Event>(self: Self<Event>, list: readonly Event[]): boolean {
  try {
    self.emit(list);
    return true;
  } catch (error) {
    if (error instanceof SluiceError && error.code === "SLUICE_ENDED") return false;
    throw error;
  }
}
