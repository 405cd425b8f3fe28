#!/usr/bin/env node
// The entry of `npx pgfaultstat`: Node runs the TypeScript through tsx, from any directory.
import { register } from "tsx/esm/api";

register();
await import("../pgfaultstat.ts");
