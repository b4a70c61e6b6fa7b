export { apply } from "../applier/apply";
