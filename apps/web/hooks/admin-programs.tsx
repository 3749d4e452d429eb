import { Programs } from "./programs.tsx";

export default function AdminPrograms() {
  return <Programs slug={null} />;
}
