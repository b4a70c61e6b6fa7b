export { planted } from "../access/looks-up";
