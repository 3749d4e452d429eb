import { expect, test } from "bun:test";

import { pointsOf } from "./sparkline.tsx";

test("WEB89: a small line tells when people came: from the first moment to the last, the most at the top, flat where nobody came", () => {
  expect(pointsOf([0, 0, 0])).toBe("0,30 50,30 100,30");
  expect(pointsOf([0, 4, 2])).toBe("0,30 50,2 100,16");
  expect(pointsOf([5])).toBe("0,2");
});
