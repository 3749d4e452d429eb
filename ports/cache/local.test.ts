import { cacheContract } from "./contract.suite.ts";
import { createLocalCaches } from "./index.ts";

cacheContract("this process", (clock) => createLocalCaches({ clock }));
