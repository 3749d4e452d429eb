import { useId } from "react";

/** The people's house at the lake, by day or by night with its windows lit. Drawn here, so nothing is fetched. */
export function HouseScene({ className, tall = false }: { className?: string; tall?: boolean }) {
  // Two scenes on one page must not share their gradients: one of them may be hidden.
  const id = useId();
  return (
    <svg
      viewBox={tall ? "50 0 380 420" : "0 0 640 420"}
      className={className}
      role="img"
      aria-label="A red wooden house with white corners between birches, by a lake"
      preserveAspectRatio="xMidYMid slice"
    >
      <defs>
        <linearGradient id={`${id}-sky`} gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2="330">
          <stop offset="0" className="[stop-color:#f9d9b8] dark:[stop-color:#171a2b]" />
          <stop offset="0.55" className="[stop-color:#fcebd6] dark:[stop-color:#2b2436]" />
          <stop offset="1" className="[stop-color:#fdf4e7] dark:[stop-color:#4a2f33]" />
        </linearGradient>
        <linearGradient id={`${id}-lake`} gradientUnits="userSpaceOnUse" x1="0" y1="306" x2="0" y2="420">
          <stop offset="0" className="[stop-color:#cfdcd8] dark:[stop-color:#2a2c3c]" />
          <stop offset="1" className="[stop-color:#a9c2c4] dark:[stop-color:#171a28]" />
        </linearGradient>
      </defs>
      <rect y="-400" width="640" height="820" fill={`url(#${id}-sky)`} />
      <circle cx="486" cy="112" r="44" className="fill-[#fff3d6] dark:fill-[#f4e6c8]" />
      <circle cx="502" cy="102" r="40" className="fill-transparent dark:fill-[#211f31]" />
      <g className="hidden fill-[#f7ead0] dark:block">
        <circle cx="82" cy="62" r="1.6" />
        <circle cx="160" cy="34" r="1.2" />
        <circle cx="236" cy="84" r="1.5" />
        <circle cx="330" cy="40" r="1.3" />
        <circle cx="400" cy="76" r="1.1" />
        <circle cx="578" cy="48" r="1.6" />
        <circle cx="604" cy="120" r="1.2" />
        <circle cx="36" cy="130" r="1.3" />
        <circle cx="128" cy="118" r="1" />
      </g>
      <path
        d="M0 262c60-44 120-50 190-26 60-34 130-46 206-12 70-30 150-30 244 10v90H0z"
        className="fill-[#b9c4ad] dark:fill-[#252a33]"
      />
      <path d="M0 286c90-34 180-30 270-8 110-30 230-30 370 4v60H0z" className="fill-[#8fa286] dark:fill-[#1d2329]" />
      <rect y="306" width="640" height="500" fill={`url(#${id}-lake)`} />
      <g
        className="stroke-[#fff] opacity-50 dark:stroke-[#f6c667] dark:opacity-25"
        strokeWidth="3"
        strokeLinecap="round"
      >
        <path d="M420 334h72M446 348h44M400 364h30M470 378h60M60 352h50M96 372h34" />
      </g>
      <path
        d="M0 332c110-34 300-40 420-14 40 9 60 22 50 36-14 20-90 30-160 38l-40 28V800H0z"
        className="fill-[#7d9470] dark:fill-[#1a2021]"
      />
      <g>
        <path d="M150 214h196v118H150z" fill="#8e1f1b" className="dark:[fill:#5e1916]" />
        <path
          d="M150 214h196v118H150z"
          fill="none"
          className="stroke-[#7a1815] dark:stroke-[#4c1311]"
          strokeWidth="1.5"
        />
        <g className="stroke-[#7a1815] dark:stroke-[#4c1311]" strokeWidth="1.5">
          <path d="M166 214v118M182 214v118M198 214v118M214 214v118M230 214v118M246 214v118M262 214v118M278 214v118M294 214v118M310 214v118M326 214v118" />
        </g>
        <path d="M150 210h8v122h-8zM338 210h8v122h-8z" className="fill-[#fff8ee] dark:fill-[#b9aa9b]" />
        <path d="M132 220 248 138l116 82-8 10-108-76-108 76z" className="fill-[#fff8ee] dark:fill-[#b9aa9b]" />
        <path d="M150 214 248 146l98 68z" fill="#8e1f1b" className="dark:[fill:#5e1916]" />
        <path d="M126 216 248 130l122 86-6 8-116-82-116 82z" className="fill-[#3c3531] dark:fill-[#14110f]" />
        <path d="M292 132h20v42l-20-14z" className="fill-[#6b4a3e] dark:fill-[#2c211d]" />
        <circle cx="248" cy="188" r="14" className="fill-[#fff8ee] dark:fill-[#b9aa9b]" />
        <circle cx="248" cy="188" r="10" className="fill-[#cfe0e4] dark:fill-[#f6c667]" />
        <path d="M248 178v20M238 188h20" className="stroke-[#fff8ee] dark:stroke-[#b9aa9b]" strokeWidth="2" />
        {[172, 288].map((x) => (
          <g key={x}>
            <rect x={x - 4} y="240" width="44" height="52" className="fill-[#fff8ee] dark:fill-[#b9aa9b]" />
            <rect x={x} y="244" width="36" height="44" className="fill-[#cfe0e4] dark:fill-[#f6c667]" />
            <path
              d={`M${x + 18} 244v44M${x} 266h36`}
              className="stroke-[#fff8ee] dark:stroke-[#b9aa9b]"
              strokeWidth="3"
            />
          </g>
        ))}
        <rect x="228" y="250" width="40" height="82" className="fill-[#fff8ee] dark:fill-[#b9aa9b]" />
        <rect x="233" y="255" width="30" height="77" className="fill-[#2f5b4a] dark:fill-[#1d3a30]" />
        <rect x="238" y="260" width="20" height="22" className="fill-[#cfe0e4] dark:fill-[#f6c667]" />
        <circle cx="257" cy="298" r="2" fill="#f6c667" />
        <path d="M218 332h60l6 10h-72z" className="fill-[#b8a48d] dark:fill-[#3b322b]" />
      </g>
      <g className="hidden dark:block" opacity="0.16" fill="#f6c667">
        <circle cx="190" cy="266" r="46" />
        <circle cx="306" cy="266" r="46" />
      </g>
      {[
        [66, 96, 1],
        [104, 150, 0.8],
        [404, 120, 0.9],
      ].map(([x, y, s]) => (
        <g key={x} transform={`translate(${x} ${y}) scale(${s})`}>
          <path d="M-5 250 -2 40h6l4 210z" className="fill-[#fbf6ec] dark:fill-[#8d857b]" />
          <path
            d="M-3 92h5M0 128h6M-3 166h5M1 198h6M-2 226h5"
            className="stroke-[#4b423a] dark:stroke-[#2a2521]"
            strokeWidth="3"
          />
          <path
            d="M2 -20c28 8 46 34 42 66-2 30-22 52-44 52s-44-20-44-52C-46 16-26-12 2-20z"
            className="fill-[#c9a13b] opacity-90 dark:fill-[#57481f]"
          />
          <path
            d="M-12 2c20-10 44 8 44 36 0 20-16 34-34 34 12-22 8-50-10-70z"
            className="fill-[#dcb957] opacity-80 dark:fill-[#6b5926]"
          />
        </g>
      ))}
    </svg>
  );
}
