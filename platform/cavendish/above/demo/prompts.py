"""What people ask for. A Chinese prompt comes with a few Latin words, which every font can draw."""

from __future__ import annotations

from dataclasses import dataclass

from cavendish.gemini.catalog import text_tokens


@dataclass(frozen=True)
class Prompt:
    """`caption` is what is written on the picture."""

    text: str
    caption: str
    search: str = ""
    """What is looked up for it."""

    @property
    def tokens(self) -> int:
        return text_tokens(self.text)


LONG = " ".join(
    [
        "A double-page spread for an illustrated atlas of imaginary harbours, drawn as a single continuous panorama.",
        *(
            f"Pier {number} shows {goods}, with {detail}; the light comes from the left and falls off gently."
            for number, (goods, detail) in enumerate(
                [
                    ("crates of bananas under blue tarpaulins", "a customs officer who counts them twice"),
                    ("a paper steamer with brass fittings", "its captain asleep in a hammock of fishing net"),
                    ("a market of second-hand lighthouses", "each one lit in another colour"),
                    ("three tugboats shaped like teapots", "steam that spells the names of winds"),
                    ("a library of messages in bottles", "a librarian on stilts at low tide"),
                    ("the ferry to the upper town", "passengers who carry their own stairs"),
                    ("a school for young whales", "a blackboard below the waterline"),
                    ("a workshop that repairs horizons", "rulers, string and a spirit level"),
                ],
                1,
            )
        ),
        "Ink lines, flat colours, no text inside the picture, generous margins, one vanishing point throughout.",
    ]
)

ENGLISH = (
    Prompt("A nano banana dish in a fancy restaurant, plated with gold leaf", "Nano banana, plated"),
    Prompt("Product photo of a walnut side table on a light grey backdrop, soft shadow", "Walnut side table"),
    Prompt("Winter lookbook: model in a long camel coat walking through fresh snow in Berlin", "Winter lookbook"),
    Prompt("Isometric illustration of a small data centre with plants between the racks", "Isometric data centre"),
    Prompt("A travel poster for Lisbon in flat colours, tram and tiles", "Lisbon by tram"),
    Prompt("Watercolour of a lighthouse at dusk, loose brush strokes, lots of white paper", "Lighthouse at dusk"),
    Prompt("Concept art: a flooded cathedral with glowing kelp between the columns", "Flooded cathedral"),
    Prompt("Tileable texture of mossy cobblestones, top down, even light", "Mossy cobblestones"),
    Prompt("Kawaii sticker of a red panda with bamboo, bold outlines, white border", "Red panda sticker"),
    Prompt("A minimalist logo for a bakery called Crumb and Co, one line, warm brown", "Crumb and Co"),
    Prompt("Remove the background and put the sneaker on wet asphalt at night", "Sneaker at night"),
    Prompt("A cross section of a volcano for a school worksheet, labels left blank", "Volcano, cross section"),
    Prompt("Living room with a green velvet sofa, morning light, oak floor, 35 mm", "Green velvet sofa"),
    Prompt("Make the sky in this listing photo blue and the lawn a little greener", "Brighter listing"),
    Prompt("A comic page in four panels: a robot learns to make pancakes", "Robot pancakes"),
    Prompt("Perfume bottle on black marble with drops of water, studio light", "Perfume on marble"),
    Prompt("Knight resting under a cherry tree, painterly, late afternoon", "Knight under cherry"),
    Prompt("Infographic of the water cycle for ten-year-olds, friendly shapes", "Water cycle"),
    Prompt("Four variants of a banner for a Black Friday sale, bold and playful", "Black Friday banner"),
    Prompt("Portrait of an astronaut gardener in a greenhouse on Mars", "Gardener on Mars"),
    Prompt("An antique map of an island shaped like a whale", "Whale island"),
    Prompt("Flat lay of camping gear on moss, overhead, soft light", "Camping flat lay"),
    Prompt("Cover of a crime novel: an empty tram in the fog", "The last tram"),
    Prompt("Pattern of lemons and leaves for wallpaper, cream ground", "Lemons and leaves"),
    Prompt("Sunset over Marina Bay from the water, wide, long exposure", "Marina Bay"),
    Prompt("Miniature diorama of a harbour town under a glass dome", "Harbour in a dome"),
    Prompt("Put the lipstick in the hand of a marble statue", "Lipstick and marble"),
    Prompt("Exploded view of a mechanical watch, labelled parts, blueprint style", "Exploded watch"),
)
GROUNDED = (
    Prompt("Visualise the weather forecast for the next five days in Paris as a clean chart", "Five days in Paris",
           "weather forecast Paris next five days"),
    Prompt("A poster of last night's Arsenal result in the Champions League", "Champions League night",
           "Arsenal Champions League result"),
    Prompt("Infographic: the tallest timber buildings of the world this year", "Tallest timber buildings",
           "tallest timber buildings 2026"),
)  # fmt: skip
WIDE = Prompt("A panorama of the Rhine valley at dawn with vineyards, wide as a cinema screen", "Rhine valley, dawn")
TALL = Prompt("A bookmark of climbing beans from the soil up to the clouds", "Climbing beans")
ATLAS = Prompt(LONG, "Atlas of imaginary harbours")
CHINESE = (
    Prompt("春节海报:一只穿着红色棉袄的小龙在雪地里放灯笼,国潮风格", "Little dragon, lanterns"),
    Prompt("江南水乡的清晨,石桥、乌篷船和薄雾,水墨画风格", "Water town, morning"),
    Prompt("奶茶店新品宣传图,桂花乌龙,浅金色背景,留出文字位置", "Osmanthus oolong"),
    Prompt("把这张照片改成宫崎骏风格的夏日乡村,保留人物姿势", "Summer village"),
    Prompt("可爱的熊猫厨师在做火锅,表情包风格,白色描边", "Panda hot pot"),
    Prompt("中秋节礼盒包装设计,月亮、桂花和玉兔,烫金线条", "Mid-autumn box"),
    Prompt("古风少女站在竹林里撑着油纸伞,细雨,电影感光线", "Umbrella in bamboo"),
    Prompt("为儿童绘本画一页:小鲸鱼第一次看见星星", "Little whale, stars"),
)


def prompts_of(language: str) -> tuple[Prompt, ...]:
    return CHINESE if language == "zh" else ENGLISH
