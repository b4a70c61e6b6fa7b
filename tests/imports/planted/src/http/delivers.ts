export { deliver } from "../delivery/loop";
