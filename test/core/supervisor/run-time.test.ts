import { consumer, producer, supervisor, type Consumer, type Producer, type Supervisor } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { watch } from "../life/outcome.ts";
import { deferred } from "../support/deferred.ts";
import { Diary, turn } from "./diary.ts";

const failure = new Error("down");

describe("startChild", () => {
  test("adds a child behind the others, and gives what its function gave", async () => {
    const diary = new Diary();
    await using tree = supervisor({ strategy: "restForOne" })
      .child("a", () => diary.stage("a"))
      .start();
    const { value } = await tree.startChild("b", ({ a }) => {
      expect(a).toBe(tree.children.a);
      return diary.stage("b");
    });
    expect(tree.children).toEqual({ a: tree.children.a, b: value });
    diary.read();
    tree.children.a.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["stop a", "stop b", "start a", "start b"]);
  });

  test("does not await a promise: it is the child", async () => {
    await using tree = supervisor().start();
    const promise = new Promise<void>(() => undefined);
    const started = await tree.startChild("task", () => promise, { stopWithinMs: 0 });
    expect(started.value).toBe(promise);
  });

  test("restarts it as its kind says", async () => {
    const diary = new Diary();
    await using tree = supervisor().start();
    const { value } = await tree.startChild("a", () => diary.stage("a"), { restart: "transient" });
    value.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["start a", "stop a", "start a"]);
  });

  test("rejects with what its function throws, and forgets the child", async () => {
    await using tree = supervisor().start();
    const bad = (): Producer<number> => {
      throw failure;
    };
    await expect(tree.startChild("a", bad)).rejects.toBe(failure);
    await settle();
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [] });
    expect(Object.keys(tree.children)).toEqual([]);
    await tree.startChild("a", () => new Diary().stage("a"));
  });

  test("rejects a name that is taken", async () => {
    const diary = new Diary();
    await using tree = supervisor().child("a", () => diary.stage("a")).start();
    await expect(tree.startChild("a", () => diary.stage("again"))).rejects.toThrow('expected the name of a child to be one that no other child has, got: "a"');
    expect(diary.read()).toEqual(["start a"]);
  });

  test("takes the name of a child that was forgotten", async () => {
    const diary = new Diary();
    await using tree = supervisor({ whenDone: "wait" }).child("a", () => diary.stage("a"), { restart: "temporary" }).start();
    tree.children.a.complete();
    await settle();
    const { value } = await tree.startChild("a", () => diary.stage("a"));
    expect(tree.children.a).toBe(value);
  });
});

describe("stopChild", () => {
  test("stops a child, which then stays down", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b", { handleStop: turn }))
      .start();
    const { b } = tree.children;
    await tree.stopChild("b");
    expect(b.snapshot().state).toBe("ended");
    expect(tree.snapshot().children[1]).toMatchObject({ state: "stopped", restarts: 0, lastEnd: { type: "shutdown" } });
    await settle();
    expect(diary.read()).toEqual(["start a", "start b", "stop b"]);
  });

  test("does nothing to one that is down already", async () => {
    const diary = new Diary();
    await using tree = supervisor().child("a", () => diary.stage("a")).start();
    await tree.stopChild("a");
    await tree.stopChild("a");
    expect(diary.read()).toEqual(["start a", "stop a"]);
  });

  test("keeps the supervisor up, whatever its children do", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"), { restart: "transient" })
      .start();
    await tree.stopChild("a");
    tree.children.b.complete();
    await settle();
    expect(tree.snapshot().state).toBe("running");
  });

  test("forgets a temporary child", async () => {
    const diary = new Diary();
    await using tree = supervisor({ whenDone: "wait" }).child("a", () => diary.stage("a"), { restart: "temporary" }).start();
    await tree.stopChild("a");
    expect([tree.snapshot().children, Object.keys(tree.children)]).toEqual([[], []]);
  });
});

describe("restartChild", () => {
  test("starts a child again that was stopped", async () => {
    const diary = new Diary();
    await using tree = supervisor().child("a", () => diary.stage("a")).start();
    const { a } = tree.children;
    await tree.stopChild("a");
    await tree.restartChild("a");
    expect(tree.children.a).not.toBe(a);
    expect(tree.snapshot().children[0]).toMatchObject({ state: "running", restarts: 1 });
    expect(diary.read()).toEqual(["start a", "stop a", "start a"]);
  });

  test("stops one that runs before it starts it anew, with the siblings of now", async () => {
    const diary = new Diary();
    const got: unknown[] = [];
    await using tree = supervisor()
      .child("a", () => diary.stage("a"))
      .child("b", ({ a }) => (got.push(a), diary.stage("b", { handleStop: () => turn().then(() => diary.note("b has stopped")) })))
      .start();
    const { a } = tree.children;
    await tree.restartChild("a");
    await tree.restartChild("b");
    expect(diary.read()).toEqual(["start a", "start b", "stop a", "start a", "stop b", "b has stopped", "start b"]);
    expect(got).toEqual([a, tree.children.a]);
  });

  test("starts one again that had ended for good", async () => {
    const diary = new Diary();
    await using tree = supervisor({ whenDone: "wait" }).child("a", () => diary.stage("a"), { restart: "transient" }).start();
    tree.children.a.complete();
    await settle();
    await tree.restartChild("a");
    expect(diary.read()).toEqual(["start a", "stop a", "start a"]);
  });

  test("leaves the siblings alone, whatever the strategy", async () => {
    const diary = new Diary();
    await using tree = supervisor({ strategy: "oneForAll" })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .start();
    diary.read();
    await tree.restartChild("a");
    await settle();
    expect(diary.read()).toEqual(["stop a", "start a"]);
  });

  test("rejects with what the function throws; the child is then down, and can be started later", async () => {
    const diary = new Diary();
    let starts = 0;
    await using tree = supervisor()
      .child("a", () => {
        starts += 1;
        if (starts === 2) throw failure;
        return diary.stage("a");
      })
      .start();
    await expect(tree.restartChild("a")).rejects.toBe(failure);
    await settle();
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [{ state: "stopped" }] });
    await tree.restartChild("a");
    expect([starts, tree.snapshot().children[0]?.state]).toEqual([3, "running"]);
  });
});

describe("removeChild", () => {
  test("stops a child and forgets it", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .start();
    await tree.removeChild("a");
    expect(diary.read()).toEqual(["start a", "start b", "stop a"]);
    expect(Object.keys(tree.children)).toEqual(["b"]);
    expect(tree.snapshot().children.map(({ name }) => name)).toEqual(["b"]);
  });

  test("ends the restarts of a child that cannot be started", async () => {
    const diary = new Diary();
    let starts = 0;
    // A bound, so that a call that never gets its turn fails this test and does not freeze it.
    await using tree = supervisor({ maxRestarts: 1000 })
      .child("a", () => diary.stage("a"))
      .child("bad", () => {
        starts += 1;
        if (starts > 1) throw failure;
        return diary.stage("bad");
      })
      .start();
    void tree.closed;
    tree.children.bad.fail(failure);
    await turn();
    await tree.removeChild("bad");
    const startsUntilThen = starts;
    await settle();
    expect([starts, Object.keys(tree.children), tree.snapshot().state]).toEqual([startsUntilThen, ["a"], "running"]);
  });

  test("makes its place the end of the row, when it is added again", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .start();
    await tree.removeChild("a");
    await tree.startChild("a", () => diary.stage("a"));
    diary.read();
    await tree.stop();
    expect(diary.read()).toEqual(["stop a", "stop b"]);
  });
});

describe("calls", () => {
  test.each(["stopChild", "restartChild", "removeChild"] as const)("of %s reject where there is no child at all", async (call) => {
    await using tree = supervisor({ name: "tree", whenDone: "wait" }).start();
    await expect(tree[call]("c")).rejects.toThrow('expected the name of a child to be one of a child: tree has none, got: "c"');
  });

  test("reject once the supervisor has been stopped", async () => {
    const diary = new Diary();
    const tree = supervisor({ name: "tree" })
      .child("a", () => diary.stage("a"))
      .start();
    const refused = { code: "SLUICE_ENDED", message: "tree has ended, or is about to: it takes no more children" };
    const stopped = tree.stop();
    await expect(tree.startChild("b", () => diary.stage("b"))).rejects.toMatchObject(refused);
    await stopped;
    await expect(tree.restartChild("a")).rejects.toMatchObject(refused);
    expect(diary.read()).toEqual(["start a", "stop a"]);
  });

  test("reject with a code what is no child", async () => {
    await using tree = supervisor({ name: "tree", whenDone: "wait" }).start();
    await expect(tree.startChild("c", () => 7 as never)).rejects.toMatchObject({ code: "SLUICE_BAD_RETURN", message: "expected the child c of tree to be a stage, a supervisor or a promise, got: 7" });
    await expect(tree.startChild("self", () => tree)).rejects.toMatchObject({ code: "SLUICE_BAD_RETURN" });
  });

  test.each(["stopChild", "restartChild", "removeChild"] as const)("of %s with an unknown name reject", async (call) => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .start();
    await expect(tree[call]("c")).rejects.toThrow('expected the name of a child to be one of a, b, got: "c"');
  });

  test("of one turn run in order, one at a time", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("a", () => diary.stage("a", { handleStop: turn }))
      .start();
    await Promise.all([tree.stopChild("a"), tree.startChild("b", () => diary.stage("b")), tree.restartChild("a"), tree.removeChild("b")]);
    expect(diary.read()).toEqual(["start a", "stop a", "start b", "start a", "stop b"]);
  });

  test("wait for a restart that goes on", async () => {
    const diary = new Diary();
    const gate = deferred();
    await using tree = supervisor({ strategy: "oneForAll" })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b", { handleStop: () => gate.promise }))
      .start();
    tree.children.a.fail(failure);
    await settle();
    const added = watch(tree.startChild("c", () => diary.stage("c")));
    await settle();
    expect(added).toEqual({});
    gate.resolve();
    await settle();
    expect(diary.read()).toEqual(["start a", "start b", "stop a", "stop b", "start a", "start b", "start c"]);
  });

  test.each([
    ["startChild", (tree) => tree.startChild("c", () => new Diary().stage("c"))],
    ["stopChild", (tree) => tree.stopChild("a")],
    ["restartChild", (tree) => tree.restartChild("a")],
    ["removeChild", (tree) => tree.removeChild("a")],
  ] satisfies readonly (readonly [string, (tree: ReturnType<typeof one>) => Promise<unknown>])[])("of %s reject once the supervisor stops", async (_, call) => {
    const tree = one();
    const stopping = tree.stop();
    await expect(call(tree)).rejects.toMatchObject({ code: "SLUICE_ENDED" });
    await stopping;
    await expect(call(tree)).rejects.toMatchObject({ code: "SLUICE_ENDED" });
  });

  test("that wait reject when the supervisor stops before their turn", async () => {
    const gate = deferred();
    const diary = new Diary();
    const tree = supervisor()
      .child("a", () => diary.stage("a", { handleStop: () => gate.promise }))
      .start();
    const first = watch(tree.stopChild("a"));
    const second = watch(tree.startChild("b", () => diary.stage("b")));
    await settle();
    const stopping = tree.stop();
    gate.resolve();
    await stopping;
    await settle();
    expect([first, second.error]).toEqual([{ value: undefined }, expect.objectContaining({ code: "SLUICE_ENDED" })]);
    expect(diary.read()).toEqual(["start a", "stop a"]);
  });

  test("come from inside of a child as well", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("spawner", async (_, { signal }) => {
        await turn();
        await tree.startChild("b", () => diary.stage("b"));
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      })
      .start();
    await settle();
    await settle();
    expect(diary.read()).toEqual(["start b"]);
  });
});

function one() {
  return supervisor()
    .child("a", () => new Diary().stage("a", { handleStop: turn }))
    .start();
}

describe("a producer that is restarted or stopped by hand", () => {
  const shop = (restart: "permanent" | "transient"): Supervisor<{ readonly orders: Producer<number>; readonly packer: Consumer<number> }> =>
    supervisor({ maxRestarts: 1 })
      .child("orders", () => producer<number>({ handleDemand: (demand) => Array.from({ length: Math.min(1, demand) }, () => 1) }))
      .child("packer", ({ orders }) => consumer({ subscribeTo: [{ to: orders, maxDemand: 1 }], handleEvents: () => undefined }), { restart })
      .start();

  test.each(["permanent", "transient"] as const)("takes its %s consumer with it, which costs no restart and gets the new one", async (restart) => {
    const tree = shop(restart);
    for (let time = 0; time < 5; time += 1) {
      const before = tree.children.packer;
      await tree.restartChild("orders");
      for (let times = 0; times < 20 && tree.children.packer === before; times += 1) await turn();
      expect(tree.children.packer).not.toBe(before);
    }
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [{ state: "running" }, { state: "running" }] });
    await tree.stop();
  });

  test("keeps its consumer down as long as it is stopped", async () => {
    const tree = shop("permanent");
    await tree.stopChild("orders");
    for (let times = 0; times < 20; times += 1) await turn();
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [{ state: "stopped" }, { state: "stopped" }] });
    await tree.restartChild("orders");
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [{ state: "running" }, { state: "running" }] });
    await tree.stop();
  });
});

test.each(["restForOne", "oneForAll"] as const)("with %s the removal of a child that cannot be started brings up those behind it, once", async (strategy) => {
  let starts = 0;
  let isBroken = false;
  let last = 0;
  const tree = supervisor({ strategy, maxRestarts: Infinity })
    .child("first", () => producer<number>({ handleDemand: () => undefined }))
    .child("bad", ({ first }) => {
      if (isBroken) throw failure;
      return consumer({ subscribeTo: [first], handleEvents: () => undefined });
    })
    .child("last", () => {
      last += 1;
      return producer<number>();
    })
    .start();
  starts = last;
  isBroken = true;
  void tree.children.bad.stop();
  for (let times = 0; times < 5; times += 1) await turn();
  await tree.removeChild("bad");
  for (let times = 0; times < 5; times += 1) await turn();
  expect(last - starts).toBe(1);
  expect(tree.snapshot()).toMatchObject({ state: "running", children: [{ name: "first", state: "running" }, { name: "last", state: "running" }] });
  await tree.stop();
});
