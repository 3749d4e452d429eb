import { Sheet } from "../parts/dialog.tsx";
import { StatusForm } from "./status-form.tsx";

export default function StatusSheet({ close }: { close: () => void }) {
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Your status">
      <div className="px-6 pt-2 pb-6">
        <StatusForm done={close} />
      </div>
    </Sheet>
  );
}
