import { Sheet } from "../parts/dialog.tsx";
import { Programs } from "./programs.tsx";

export default function ProgramsSheet({ space, close }: { space: { slug: string; name: string }; close: () => void }) {
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={`Programs of ${space.name}`} tall wide>
      <div className="px-6 pb-6">
        <Programs slug={space.slug} />
      </div>
    </Sheet>
  );
}
