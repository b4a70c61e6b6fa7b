export { planted } from "../features/planted/rows";
