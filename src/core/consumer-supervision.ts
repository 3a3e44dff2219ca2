/** The engine of a `consumerSupervisor`: a consumer whose events are children, which it counts instead of events. */
import { ChildWindow } from "./child-window.ts";
import type { ConsumerSupervisor, ConsumerSupervisorOptions, EventChild } from "./consumer-supervisor.ts";
import { consumer } from "./consumer.ts";
import type { DemandWindow } from "./demand-window.ts";
import { BadOptionError, GaveUpError, SluiceError, StoppedError, show } from "./errors.ts";
import type { Snapshot } from "./inspect.ts";
import { ADOPT, NORMAL, type ExitReason, type Port, type Subscribable } from "./protocol.ts";
import { tell, type Finding } from "./report.ts";
import { RestartIntensity } from "./restart-intensity.ts";
import { runChild, type ChildSettings, type RunningChild } from "./running-child.ts";
import { FULL_CREDIT, post, spend } from "./scheduler.ts";
import { isThenable } from "./stage.ts";
import type { Consumer, Self, SubscribeOptions } from "./stages.ts";
import { parseLink, splitTarget } from "./subscribe-options.ts";
import type { Subscription } from "./subscription.ts";
import type { ChildState } from "./supervisors.ts";
