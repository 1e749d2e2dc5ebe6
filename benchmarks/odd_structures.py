"""Structures that are odd but real, and texts that are none: what libraries hold beside drugs."""

from __future__ import annotations

ORGANOMETALLICS = (
    "[CH-]1C=CC=C1.[CH-]1C=CC=C1.[Fe+2]",  # ferrocene
    "[Fe+2].c1cc[cH-]c1.c1cc[cH-]c1",
    "[CH]12->[Fe]3456789(<-[CH]1=[CH]->3[CH]->4=[CH]2->5)<-[CH]1[CH]->6=[CH]->7[CH]->8=[CH]19",
    "O=C=[Ni](=C=O)(=C=O)=C=O",
    "[C-]#[O+]->[Fe](<-[C+]#[O-])(<-[C+]#[O-])(<-[C+]#[O-])<-[C+]#[O-]",
    "Cl[Pt](Cl)(N)N",  # cisplatin, as vendors draw it
    "[NH3]->[Pt](Cl)(Cl)<-[NH3]",
    "O=C1O[Pt]2(OC1=O)<-[NH2]C1CCCCC1[NH2]->2",  # oxaliplatin
    "CC(=O)O[Hg]c1ccccc1",
    "C[Hg]Cl",
    "CC[Hg]Sc1ccccc1C(=O)[O-].[Na+]",  # thiomersal
    "CC[Pb](CC)(CC)CC",
    "CCCC[Sn](CCCC)(CCCC)O[Sn](CCCC)(CCCC)CCCC",
    "C[Si](C)(C)O[Si](C)(C)C",
    "[Li]CCCC",
    "[Mg+]c1ccccc1.[Br-]",
    "CC(C)O[Ti](OC(C)C)(OC(C)C)OC(C)C",
    "CC(=O)O[Pd]OC(C)=O",
    "[Pd].c1ccc(P(c2ccccc2)c2ccccc2)cc1",
    "c1ccc([P+](c2ccccc2)(c2ccccc2)c2ccccc2)cc1.[Br-]",
    "CP(C)(C)->[Au]SC1OC(COC(C)=O)C(OC(C)=O)C(OC(C)=O)C1OC(C)=O",  # auranofin, nearly
    "C1=CC2=CC3=CC=C([N-]3)C=C3C=CC(=N3)C=C3C=CC([N-]3)=CC1=N2.[Mg+2]",  # magnesium porphin
    "[Co+3].[C-]#N.CC1=CC2=C(C=C1C)N=CN2",
    "O[As](O)c1ccc(N)cc1",
    "Cl[As](Cl)C=CCl",  # lewisite
    "[Te]1C=CC=C1",
    "c1cc[se]c1",
    "CC(=O)Nc1ccc([Bi](Cl)Cl)cc1",
    "[Ru+2].c1ccnc(-c2ccccn2)c1.c1ccnc(-c2ccccn2)c1.c1ccnc(-c2ccccn2)c1",
    "CC1=C(C)C(C)=C(C)[C-]1C.[Rh+3].[Cl-].[Cl-]",
    "[U](=O)=O",
    "[Gd+3].O=C([O-])CN1CCN(CC(=O)[O-])CCN(CC(=O)[O-])CCN(CC(=O)O)CC1",
)
IONS_AND_SALTS = (
    "[K+].F[P-](F)(F)(F)(F)F",
    "[B-](F)(F)(F)F.[NH4+]",
    "c1ccc2c(c1)[n+]cs2",
    "C1=CC=C[CH+]C=C1.[Br-]",  # tropylium
    "[cH+]1cccccc1",
    "[H+]",
    "[H-].[Na+]",
    "[2H+]",
    "[OH-].[OH3+]",
    "[Na+].[Cl-]",
    "Cl",
    "[Cl]",
    "O=S(=O)([O-])[O-].[Cu+2].O.O.O.O.O",
    "[O-][n+]1ccccc1",
    "C[N+](C)(C)CC([O-])=O",
    "[O-][I+]c1ccccc1",
    "O=I(=O)c1ccccc1",
    "CC(=O)OI1(OC(C)=O)(OC(C)=O)OC(=O)c2ccccc12",  # Dess-Martin
    "FS(F)(F)(F)(F)c1ccccc1",
    "F[Xe]F",
    "F[Si-2](F)(F)(F)(F)F.[Na+].[Na+]",
    "[N-]=[N+]=NCc1ccccc1",
    "N#[N+]c1ccccc1.F[B-](F)(F)F",
    "[C-]#[N+]C1CCCCC1",
    "CN(C)C=[N+](C)C.F[P-](F)(F)(F)(F)F",
    "[O-]Cl(=O)(=O)=O.[Ag+]",
    "[C-]1=[N+](c2ccccc2)C=CN1c1ccccc1",
    "CC1=[O+]C(C)=CC(C)=C1",
    "[NH4+].[V](=O)(=O)[O-]",
    "[O-2].[Zn+2]",
)
POLYMERS_AND_QUERIES = (
    "*CC*",
    "*",
    "**",
    "[*:1]CC[*:2]",
    "[1*]c1ccccc1",
    "*C(=O)c1ccc(C(=O)OCCO*)cc1",
    "*NCCCCCC(*)=O",
    "[R1]c1ccccc1",
    "[#6]-[#7]",
    "[C,N]c1ccccc1",
    "[!#6]C",
    "[CH3:1][CH2:2][OH:3]",
    "C~C",
    "c1ccccc1[$(C=O)]",
    "*1****1",
    "*" * 60,
)
ISOTOPES_AND_RADICALS = (
    "[2H]C([2H])([2H])O[2H]",
    "[13CH4]",
    "[13C]",
    "[14C](=O)O",
    "[3H]c1ccccc1",
    "[999CH4]",
    "C[11CH2]c1cc[18F]cc1",
    "O[C@@H]1[C@@H](O)[C@H]([18F])C(O)O[C@@H]1CO",  # FDG
    "CC1(C)CCCC(C)(C)N1[O]",  # TEMPO
    "[CH3]",
    "[CH2]",
    "[O][O]",
    "[N]=O",
    "c1ccc([C](c2ccccc2)c2ccccc2)cc1",  # trityl
    "[He]",
    "[H][H]",
    "[2H][2H]",
    "[Na]",
    "[H]",
)
EXTENDED = (
    "C[C@H](O)F |&1:1|",
    "C[C@H](O)[C@@H](F)Cl |o1:1,3|",
    "CC* |$;;R1$|",
    "*CC* |$star_e;;;star_e$,Sg:n:1,2::ht|",
    "CCO |(0,0,;1.5,0,;2.2,1.2,)|",
    "[CH2]C |^1:0|",
    "c1ccccc1 |c:0,2,4|",
    "CO |LN:0:1.3|",
    "CCO |bad",
    "CCO |$a;b|",
    "CC[Fe] |C:1.1|",
    "C1CCCCC1.* |m:6:0.1.2|",
    "CCO>>CC=O",
    "CC(=O)O.OCC>[H+]>CC(=O)OCC",
)
LARGE = (
    "C1CCCCCCCCCCCCCCCCCCCCCCCCCCCCC1",
    "O=C1CCCCCCCCCCCCCCO1",
    (  # amphotericin B
        "CC1OC(=O)CC(O)CC(O)CC(O)CCC(O)C(O)CC(=O)CC(O)C(C(=O)O)C(O)CC(OC2OC(C)C(O)C(N)C2O)C=CC=CC=CC=C"
        "C=CC=CC=CC(C)C(O)C1C"
    ),
    (  # ciclosporin
        "CC[C@H]1C(=O)N(C)CC(=O)N(C)[C@@H](CC(C)C)C(=O)N[C@@H](C(C)C)C(=O)N(C)[C@@H](CC(C)C)C(=O)N"
        "[C@@H](C)C(=O)N[C@H](C)C(=O)N(C)[C@@H](CC(C)C)C(=O)N(C)[C@@H](CC(C)C)C(=O)N(C)[C@@H](C(C)C)"
        "C(=O)N(C)[C@@H]([C@H](O)[C@H](C)C/C=C/C)C(=O)N1"
    ),
    "N[C@@H](Cc1ccccc1)C(=O)N[C@@H](CO)C(=O)NCC(=O)N[C@@H](CCCNC(=N)N)C(=O)N[C@@H](CS)C(=O)O",
    "N1[C@@H](C)C(=O)N[C@@H](C)C(=O)N[C@@H](C)C(=O)N[C@@H](C)C(=O)N[C@@H](C)C(=O)N[C@@H](C)C1=O",
    "NCC(=O)" + "NCC(=O)" * 30 + "O",
    "NCC(=O)" + "NC(Cc1ccccc1)C(=O)" * 25 + "O",
    (
        "C12=C3C4=C5C6=C1C7=C8C9=C1C%10=C%11C(=C29)C3=C2C3=C4C4=C5C5=C9C6=C7C6=C7C8=C1C1=C8C%10=C%10C"
        "%11=C2C2=C3C3=C4C4=C5C5=C%11C%12=C(C6=C95)C7=C1C1=C%12C5=C%11C4=C3C3=C5C(=C81)C%10=C23"
    ),
    "C1CC2CCC1CC2",
    "C12C3C4C1C5C2C3C45",  # cubane
    "C1C2CC3CC1CC(C2)C3",
    "C1C2C3C4C5C2C6C3C4C1C56",
    "C1CCC2(CC1)CCCCC2",
    "C1COCCOCCOCCOCCOCCO1",
    "c1cc2ccc3cccc4ccc(c1)c2c34",
    "C1=CC2=CC=CC3=CC=CC(=C1)C23",
    (  # alpha-cyclodextrin
        "OC[C@H]1O[C@@H]2O[C@H]3[C@H](O)[C@@H](O)[C@H](O[C@@H]3CO)O[C@H]3[C@H](O)[C@@H](O)[C@H](O"
        "[C@@H]3CO)O[C@H]3[C@H](O)[C@@H](O)[C@H](O[C@@H]3CO)O[C@H]3[C@H](O)[C@@H](O)[C@H](O[C@@H]3CO)"
        "O[C@H]3[C@H](O)[C@@H](O)[C@H](O[C@@H]3CO)O[C@H]1[C@H](O)[C@H]2O"
    ),
    "C" * 120,
    "C" * 300,
    "C(C)" * 90,
    "c1ccccc1" + "-c1ccccc1" * 20,
    "C" + "(C" * 60 + ")" * 60,
    "C%10CCCC%10",
    "C%(100)CCCC%(100)",
    "F" + "C(F)(F)" * 40 + "F",
    "[Si](C)(C)O" * 30,
    "CCCCCCCCCCCCCCCC(=O)OCC(COP(=O)([O-])OCC[N+](C)(C)C)OC(=O)CCCCCCCC=CCCCCCCCC",
    "Nc1ncnc2c1ncn2C1CC(OP(=O)(O)OCC2OC(n3cnc4c(N)ncnc43)CC2O)C(CO)O1",
)
STEREO_AND_SPELLING = (
    "F/C=C/F",
    r"F\C=C/F",
    "F/C=C/C=C\\C=C/F",
    "C[S@](=O)c1ccccc1",
    "C[P@@](=O)(O)F",
    "CC=C=CC",
    "C[C@@]=C=CC",
    "[C@@H](F)(Cl)Br",
    "[C@TH2](F)(Cl)(Br)I",
    "F[Pt@SP1](Cl)(Br)I",
    "S[Co@OH5](F)(Cl)(Br)(I)N",
    "C[As@TB1](F)(Cl)(Br)N",
    "N1C=CC=C1",
    "n1cccc1",
    "c1cccc1",
    "c1ccccc1c",
    "[nH]1cccc1",
    "o1cccc1",
    "C=C1C=CC(=[N+]=[N-])C=C1",
    "CN=C=S",
    "N=[N+]=[N-]",
    "CS(C)=O",
    "C[S+](C)[O-]",
    "C[N+](=O)[O-]",
    "CN(=O)=O",
    "O=[N+]([O-])c1cc([N+](=O)[O-])cc([N+](=O)[O-])c1",
    "P1(=O)(O)OP(=O)(O)OP(=O)(O)O1",
    "CCOP(=S)(OCC)Oc1ccc([N+](=O)[O-])cc1",
    "B(O)(O)c1ccccc1",
    "[BH4-].[Li+]",
    "B1B[H]B1",
    "[BH]12[H][BH]3[H][BH]([H]1)[H]23",
    "OB1OB(O)OB(O)O1",
    "S1SSSSSSS1",
    "P12P3P1P23",
    "[Si]",
    "N",
    "O",
    "S",
    "C.C.C.C.C.C.C.C.C.C",
    "CCO.CCO",
    "c1ccccc1.Cl.Cl",
    (
        "CC(C)(C)c1cc(CCC(=O)OCC(COC(=O)CCc2cc(C(C)(C)C)c(O)c(C(C)(C)C)c2)(COC(=O)CCc2cc(C(C)(C)C)c"
        "(O)c(C(C)(C)C)c2)COC(=O)CCc2cc(C(C)(C)C)c(O)c(C(C)(C)C)c2)cc(C(C)(C)C)c1O"
    ),
)
NO_STRUCTURES = (
    "",
    " ",
    "nonsense",
    "C1CC",
    "c1ccccc1(",
    "C(C)(C)(C)(C)C",
    "[Xx]",
    "'CCO'",
    "N/A",
    "=cmd()",
    "<b>CCO</b>",
    "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3",
    "64-17-5",
    "CCO,CCN",
    "ethanol",
    "C[",
    "C]",
    "[C",
    "%",
    "()",
    "C((C))",
    "\u202eOCC",
    "ССО",
    "F/C(/Cl)=C",
    "[CH9]",
    "[C+20]",
    "[0H]",
    "C==C",
    "$$$$",
    "0",
    "-",
    "(" * 2000,
    "C(" * 3000,
    "C1" * 500,
    "[" + "9" * 400 + "C]",
)

ODD = (
    *ORGANOMETALLICS,
    *IONS_AND_SALTS,
    *POLYMERS_AND_QUERIES,
    *ISOTOPES_AND_RADICALS,
    *EXTENDED,
    *LARGE,
    *STEREO_AND_SPELLING,
)
