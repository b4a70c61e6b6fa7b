export { planted } from "../services/planted";
