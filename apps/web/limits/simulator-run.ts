import type { SimulateAsked, SimulateSaid } from "#systems/limits/contract.ts";

/** One run of the simulator, in a worker of its own; ended when it has answered, or when it is disposed of. */
export function startSimulation(asked: SimulateAsked, hear: (said: SimulateSaid) => void): Disposable {
  const worker = new Worker(PAGE_SIMULATOR);
  const end = () => worker.terminate();
  worker.addEventListener("message", ({ data }: MessageEvent<SimulateSaid>) => {
    hear(data);
    if (data.said !== "progress") end();
  });
  worker.addEventListener("error", ({ message }) => {
    hear({ said: "failed", detail: message || "The simulator could not be loaded." });
    end();
  });
  worker.postMessage(asked);
  return { [Symbol.dispose]: end };
}
