export { seal } from "../../audit/seal";
