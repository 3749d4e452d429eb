import type { SimulateAsked, SimulateSaid } from "#systems/limits/contract.ts";

/** One run of the simulator, in a worker of its own; ended when it has answered, or when it is disposed of. */
export function startSimulation(asked: SimulateAsked, hear: (said: SimulateSaid, took_ms: number) => void): Disposable {
  const began_ms = performance.now();
  const worker = new Worker(PAGE_SIMULATOR);
  const end = () => worker.terminate();
  worker.addEventListener("message", ({ data }: MessageEvent<SimulateSaid>) => {
    hear(data, performance.now() - began_ms);
    if (data.said !== "progress") end();
  });
  worker.addEventListener("error", ({ message }) => {
    hear({ said: "failed", detail: message || "The simulator could not be loaded." }, 0);
    end();
  });
  worker.postMessage(asked);
  return { [Symbol.dispose]: end };
}
