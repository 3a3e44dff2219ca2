/**
 * Sluice: stages that move events only on demand.
 *
 * @module sluice
 */
export { heed } from "./abort.ts";
export { Holders } from "./acknowledging.ts";
export type { BackoffOptions } from "./supervision/backoff.ts";
export type { BufferKeep, LatestBy } from "./buffer.ts";
export { consumer, type ConsumerOptions } from "./consumer.ts";
export { consumerSupervisor } from "./supervision/consumer-supervisor.ts";
export type { ConsumerSupervisor, ConsumerSupervisorOptions, EventChild, StartedByEvent } from "./supervision/consumer-supervisors.ts";
export { CLOSE_WITHIN_MS, LONGEST_MS, within } from "./deadline.ts";
export type { WindowOptions } from "./demand-window.ts";
export { describe, type DescribeOptions } from "./describe/describe.ts";
export type { Dispatcher, DispatcherFactory, DispatcherHost, Recipient } from "./dispatcher.ts";
export { broadcastDispatcher } from "./dispatchers/broadcast.ts";
export { demandDispatcher, type DemandDispatcherOptions } from "./dispatchers/demand.ts";
export { partitionDispatcher, type Partition, type PartitionDispatcherOptions } from "./dispatchers/partition.ts";
export { BadOptionError, GaveUpError, SluiceError, StoppedError, errorOf, show, type SluiceErrorCode } from "./errors.ts";
export { causeOf } from "./exit-reason.ts";
export { fromIterable, type FromIterableOptions, type IterableSource } from "./from-iterable.ts";
export { fromPush, type FromPushOptions, type PushIntake, type StartPush } from "./from-push.ts";
export type { CancelMode } from "./inlet-link.ts";
export { joined, type EventJoint, type JoinedOptions, type Joint } from "./joined.ts";
export type { InputCounts, OutputCounts, Snapshot, StageState, TimeShares, WaitState } from "./inspect.ts";
export { checkAbsent, checkOption, checkOptions, checkPlain, integer, isBoolean, isFunction, isSignal, milliseconds, oneOf, type Check } from "./options.ts";
export type { DemandMode } from "./outlet.ts";
export { latestBy } from "./latest-by.ts";
export { checkOverflow, dropNewest, dropOldest, error, latest, pauseResume, sample, unbounded, type Overflow, type PauseResume, type PauseResumeOptions } from "./overflow.ts";
export { Pending } from "./pending.ts";
export { pipeline, type PipelineOptions } from "./pipeline.ts";
export { producer, type ProducerOptions } from "./producer.ts";
export { producerConsumer, type ProducerConsumerOptions } from "./producer-consumer.ts";
export { ADOPT, NORMAL, OUTLET, type Cancel, type DispatchOptions, type Downward, type ExitReason, type Outlet, type Port, type Return, type Subscribable, type Subscribe, type Subscriber, type Upward, type Wire } from "./protocol.ts";
export type { IntensityOptions } from "./supervision/restart-intensity.ts";
export type { ChildContext } from "./supervision/running-child.ts";
export { Queue } from "./queue.ts";
export { setReporter, tell, type Finding, type Report, type Reporter } from "./report.ts";
export { FULL_CREDIT, inNextTurn, post, spend, throwUncaught } from "./scheduler.ts";
export { isThenable, type Role } from "./stage.ts";
export type { BatchHandler, CompleteOption, EventHandlers, Handlers, MaybePromise, OutletOptions, Returned, StageOptions } from "./stage-options.ts";
export type { Consumer, EventOf, EventReader, KnownTargets, Producer, ProducerConsumer, PushProducer, ReadOptions, Self, Stage, SubscribeOptions, Target } from "./stages.ts";
export { stream, type EventStream, type StreamOptions } from "./stream.ts";
export { supervisor } from "./supervision/supervisor.ts";
export type { ChildOptions, ChildState, ChildValue, Children, NoChildren, RestartKind, StartChild, Strategy, Supervisor, SupervisorBuilder, SupervisorOptions, SupervisorSnapshot } from "./supervision/supervisors.ts";
export type { CancelInfo, Consumption, Subscription } from "./subscription.ts";
