export { resolve } from "node:dns";
