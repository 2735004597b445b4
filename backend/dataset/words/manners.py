"""How things are done: for each style adverbs, subjects that bring the style with them, and phrases that follow.

The rules of `thesaurus` hold here too: no word that evaluation keeps out of training, and no entry that could belong
to two styles, unless both have the same look.
"""

_WAYS: dict[str, tuple[str, str, str]] = {
    "normal": (
        "normally, calmly, naturally, plainly, neutrally, ordinarily, in the usual way, as usual, regularly, evenly",
        "an ordinary person, an average man, an average woman, a regular guy, a calm person, a relaxed man, "
        "a normal person, an ordinary woman, a calm woman, an average person",
        "in a normal way, at a normal pace, in an ordinary way, in the usual manner, "
        "without any particular emotion, with no special mood, in a neutral way, in a natural way, "
        "as people usually do, like everyone else, as on any other day, with a neutral expression, "
        "in an everyday manner, without showing any feeling, in a relaxed way",
    ),
    "happy": (
        "happily, cheerfully, joyfully, gladly, joyously, blissfully, cheerily, contentedly, brightly, "
        "ecstatically, jubilantly, elatedly, gaily, euphorically, in a happy way, exuberantly",
        "a happy person, a happy woman, a happy man, a joyful person, a glad man, a smiling woman, a cheery person, "
        "a beaming man, a blissful person, a contented man, a cheerful woman",
        "in a good mood, with joy, with a big smile, in high spirits, full of happiness, full of joy, "
        "with a happy heart, with a cheerful face, after hearing great news, as if everything were wonderful, "
        "grinning from ear to ear, as if newly in love, in a sunny mood, beaming with happiness, glad to be alive, "
        "feeling great, with a laugh, as if having won the lottery, overflowing with joy",
    ),
    "sad": (
        "sadly, gloomily, unhappily, dejectedly, glumly, despondently, tearfully, downheartedly, forlornly, "
        "dolefully, morosely, hopelessly, weepingly, woefully, somberly, dispiritedly, dismally, in sadness",
        "a sad person, a sad man, a sad woman, a dejected man, a crying woman, a tearful person, a lonely man, "
        "a melancholy person, a downcast man, a forlorn woman, a sobbing woman, a depressed man, "
        "a disappointed person, a weeping man, a widow at a funeral",
        "with the head hanging, in low spirits, in tears, with a heavy heart, full of sadness, as if about to cry, "
        "in despair, in a gloomy mood, with the shoulders slumped in sadness, as if at a funeral, after bad news, "
        "after losing a loved one, feeling down, feeling blue, with tears in the eyes, overcome with sadness, "
        "with no hope left, in a melancholy mood, close to tears, with a sad face",
    ),
    "angry": (
        "angrily, furiously, in anger, irritably, wrathfully, aggressively, fiercely, heatedly, indignantly, "
        "ferociously, violently, resentfully, in fury, in a temper, in an angry way",
        "an angry person, an angry man, a furious woman, an angry woman, a fuming man, an irritated person, "
        "a hot-headed man, a wrathful person, a bad-tempered man, a grumpy man, an offended man, "
        "an aggressive person",
        "full of anger, full of fury, in a bad temper, boiling with anger, seething with anger, fuming with anger, "
        "red with anger, with clenched fists, in a foul mood, as if ready to hit somebody, like an angry bull, "
        "after a bitter quarrel, with hatred, with an angry face, shaking with anger, unable to control the anger, "
        "in a furious mood, with a scowl",
    ),
    "proud": (
        "proudly, arrogantly, confidently, self-assuredly, boldly, loftily, conceitedly, imperiously, regally, "
        "majestically, condescendingly, self-importantly, in a proud way",
        "a proud person, a proud man, a proud woman, an arrogant woman, a vain man, a confident person, "
        "a self-assured woman, a self-important man, a victorious general, a confident man, a show-off, "
        "a winner on a podium",
        "with the chest out, full of pride, with the head held high, with the nose in the air, with the chin up, "
        "with great confidence, full of confidence, with a puffed-up chest, with an air of superiority, "
        "as if above everyone else, like a victorious general, like someone important, with self-importance, "
        "with pride, in an arrogant manner, as if owning the whole place",
    ),
    "not-confident": (
        "shyly, timidly, hesitantly, nervously, uncertainly, awkwardly, fearfully, sheepishly, self-consciously, "
        "apprehensively, uneasily, diffidently, tentatively, worriedly, unsurely, reluctantly",
        "a shy woman, a worried man, a hesitant woman, a nervous man, a cowardly man, a shy newcomer",
        "without confidence, with little confidence, full of doubt, as if afraid of being seen, with self-doubt, "
        "with low self-esteem, as if unsure of everything, with fear, lacking confidence, as if embarrassed, "
        "with hesitation, as if afraid of making a mistake, like a shy person, in embarrassment, "
        "as if everyone were watching, as if too shy to do it, without believing in it",
    ),
    "masculine": (
        "manfully, ruggedly, sturdily, robustly, in a very male way, in a masculine style, in a tough male way, "
        "in a manly manner",
        "a macho man, a strong man, a masculine man, a strapping man, an alpha male, a bearded man, a strong guy",
        "like a man, like a real man, like a strong man, like a macho man, with broad shoulders, "
        "with manly strength, in a macho manner, with manliness, in a rugged manner, like an alpha male, "
        "with masculine strength",
    ),
    "feminine": (
        "gracefully, elegantly, delicately, with poise, coquettishly, flirtatiously, charmingly, sensually, "
        "seductively, femininely, sweetly",
        "a lady, a graceful woman, a beautiful woman",
        "like a lady, like a woman, like an elegant woman, with feminine grace, with elegance, with grace, "
        "with swaying hips, in high heels, in a womanly manner, with charm, with soft feminine movements, "
        "as if wearing a long dress, in an elegant manner, like a refined lady",
    ),
    "childish": (
        "childishly, playfully, naively, immaturely, mischievously, impishly, babyishly, boyishly, goofily",
        "a little boy, a little girl, a small child, a small boy, a small girl, a young child, a tiny tot, "
        "a playful child, a naughty boy, a cheeky kid, a playful kid, a tiny child, a naughty child",
        "like a little boy, like a little girl, like a small child, as children do, as kids do, "
        "as if playing a game, as if on a playground, in a playful mood, like a naughty kid, like a silly kid, "
        "with childlike innocence, like an excited child, like a playful child, as if it were all a game, "
        "in a childish manner",
    ),
    "elderly": (
        "feebly, shakily, stiffly, unsteadily, creakily, infirmly, arthritically, rheumatically",
        "an old person, an elderly woman, an old lady, an old gentleman, an ancient man, a hunched old man, "
        "an eighty-year-old man, a ninety-year-old woman, a geriatric patient, a toothless old man",
        "like an old man, with a bent back, like an elderly person, like an old person, like an old woman, "
        "with a hunched back, with a curved spine, with stiff joints, with aching knees, with creaking joints, "
        "with rheumatism, as if leaning on a cane, like a ninety-year-old, with trembling legs, with shaky legs, "
        "as old people do, as if plagued by arthritis, with a crooked back",
    ),
    "exhausted": (
        "tiredly, wearily, listlessly, lethargically, limply, weakly, languidly, lifelessly, droopily, breathlessly",
        "a tired woman, a weary person, an exhausted person, an exhausted man, a worn-out man, a worn-out woman, "
        "a listless person, an exhausted worker, a yawning woman, a weary traveler, a dead-tired man, "
        "a burned-out worker",
        "without any energy, as if worn out, with the last of their strength, after a long day of work, "
        "with drooping shoulders, as if about to drop, out of breath, with no strength left, as if out of energy, "
        "in need of rest, after a night without rest, on the verge of fainting, with hardly any energy, "
        "breathing hard, gasping for breath, dead tired, as if every movement were too much",
    ),
    "active": (
        "actively, energetically, vigorously, animatedly, enthusiastically, spiritedly, eagerly, zestfully, "
        "vivaciously, keenly, with vigor, with zest",
        "a lively person, a lively man, an energetic person, a vigorous man, a fit man, an active woman, "
        "a very fit woman",
        "with a lot of energy, full of energy, full of life, full of vigor, with great energy, "
        "bursting with energy, with enthusiasm, as if doing a workout, with vitality, brimming with energy, "
        "in top shape, with boundless energy, with gusto, with plenty of energy, in a spirited manner, "
        "with full power",
    ),
    "youthful": (
        "youthfully, with a spring in the step, nimbly, springily, agilely, jauntily, as a young person would, "
        "spryly, in a fresh young way",
        "a young woman, a teenage boy, a teenage girl, a young guy, a sixteen-year-old, a young gentleman, "
        "a young actor",
        "like a young person, like a young man, like a young woman, as young people do, with young legs, "
        "in the prime of life, with a light bounce, as if eighteen again, with the lightness of the young, "
        "like someone barely twenty, with a young body, as teenagers do",
    ),
    "musical": (
        "rhythmically, musically, in rhythm, to the rhythm, in tempo, groovily, theatrically, tunefully, jazzily, "
        "harmoniously, lyrically",
        "a Broadway performer, a musical performer, a stage performer, a jazz dancer, an opera singer, "
        "a musical actor, a dancing man, a singing woman, a choreographer",
        "to the rhythm of music, as in a musical, as if dancing, to a tune, following the music, led by the music, "
        "as if on a Broadway stage, with rhythm, in a dance-like way, as if music were playing, "
        "while listening to music, while humming, with dance-like movements, to the sound of drums, as if singing, "
        "to an inner rhythm, as though in a stage show, to jazz",
    ),
    "giant": (
        "heavily, ponderously, thunderously, massively, mightily, bulkily, cumbersomely, lumberingly, "
        "with great weight, in a huge heavy way",
        "a giant monster, a huge person, an enormous man, a gigantic man, a massive creature, a huge monster, "
        "a gigantic creature, an enormous monster, a big heavy man, a bulky man, a huge beast, a hefty brute",
        "with heavy movements, like a huge monster, like king kong, with enormous weight, making the ground shake, "
        "like a towering monster, as if as big as a house, with ground-shaking force, as if weighing tons, "
        "with huge heavy limbs, like a great beast, as if carved from stone, like an enormous creature, "
        "with massive bulk, shaking the earth",
    ),
    "chimpira": (
        "with a swagger, rudely, swaggeringly, insolently, cockily, menacingly, threateningly, impudently, "
        "defiantly, thuggishly, brazenly, disrespectfully",
        "a street tough, a street thug, a gang member, a cheap crook, a petty criminal, a bad boy, a menacing man, "
        "a tough from the streets",
        "like a street thug, like a bad boy, looking for trouble, looking to start a quarrel, with a sneer, "
        "with a rude attitude, like a gang member, as if out to hurt someone, trying to look tough, "
        "like a cheap crook, with a gangster swagger, with no manners at all, as if threatening somebody",
    ),
}

_Ways = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]

_MEN, _WOMEN, _ANYBODY = ("man", "guy", "person"), ("woman", "lady", "person"), ("person", "man", "woman", "guy")

# Adjectives and people of a style.
_TRAITS: dict[str, tuple[str, str]] = {
    "happy": (
        "joyous, cheery, jovial, radiant, upbeat, buoyant, ecstatic, euphoric, thrilled, pleased, carefree, "
        "lighthearted, sunny, giddy, amused, beaming, smiling, grinning, laughing, contented, hopeful, festive, "
        "rapturous, blithe, rejoicing, exhilarated, blissful, elated, jubilant, joyful, optimistic, glad, cheerful, "
        "chuckling, ebullient, enchanted, delirious, satisfied, lucky",
        "newlywed, lucky winner, honeymooner, reveler, optimist, lottery winner, lucky gambler, lover in spring, "
        "jackpot winner",
    ),
    "sad": (
        "gloomy, unhappy, dejected, downcast, melancholic, tearful, weeping, sobbing, crying, despondent, "
        "depressed, forlorn, glum, woeful, lonely, lonesome, bereaved, dismal, crestfallen, disheartened, "
        "discouraged, dispirited, desolate, wretched, inconsolable, bleak, disappointed, suffering, wistful, "
        "regretful, moping, doleful, jilted, abandoned, hopeless, despairing, blue, downhearted, teary-eyed, "
        "dreary, pitiful, hurt, somber, low-spirited",
        "widow, widower, orphan, pessimist, jilted lover, rejected suitor, lonely heart, bereaved father, "
        "bereaved mother, sad clown, crying widow, loser",
    ),
    "angry": (
        "furious, infuriated, incensed, fuming, seething, irritated, annoyed, aggravated, exasperated, indignant, "
        "wrathful, vengeful, belligerent, aggressive, bad-tempered, ill-tempered, hot-tempered, cranky, grumpy, "
        "bitter, resentful, ferocious, fierce, offended, provoked, steaming, scowling, snarling, vicious, spiteful, "
        "frustrated, displeased, riled, cantankerous, embittered, hateful, boiling, red-faced, quarrelsome, "
        "irascible, wild-eyed",
        "hothead, furious boss, berserker, angry boss, avenger, angry customer, angry driver, angry neighbor, "
        "angry protester, grouch",
    ),
    "proud": (
        "arrogant, conceited, vain, self-important, stuck-up, snobbish, confident, self-assured, self-confident, "
        "overconfident, bold, regal, royal, kingly, majestic, lordly, imperious, dignified, noble, lofty, "
        "supercilious, egotistic, narcissistic, presumptuous, condescending, victorious, honored, celebrated, "
        "stately, self-satisfied, bragging, superior, aristocratic, high-born, glorious, vainglorious, assertive, "
        "puffed-up, cocksure",
        "king, monarch, lord, aristocrat, baron, duke, sultan, pharaoh, tycoon, millionaire, medalist, "
        "gold medalist, war hero, hero, braggart, egotist, narcissist, dictator, general, admiral, ruler, matador, "
        "snob, peacock, conqueror, champion, nobleman, president, celebrity, maharaja, caesar",
    ),
    "not-confident": (
        "shy, timid, nervous, hesitant, unsure, uncertain, worried, scared, afraid, fearful, self-conscious, "
        "awkward, embarrassed, ashamed, cowardly, apprehensive, uneasy, tense, jittery, wary, cautious, tentative, "
        "doubtful, flustered, intimidated, reserved, introverted, sheepish, submissive, humble, diffident, "
        "faint-hearted, spineless, panicky, terrified, skittish, edgy, uncomfortable, indecisive, mousy, reluctant, "
        "unconfident, cowed, daunted, unassertive, blushing, concerned, alarmed",
        "coward, introvert, wallflower, newcomer, novice, nervous beginner, worrier, nervous wreck, scaredy-cat, "
        "loner, outsider, nervous applicant, nervous bridegroom, shrinking violet, stammerer, scared mouse",
    ),
    "masculine": (
        "manly, macho, rugged, brawny, strapping, sturdy, stalwart, robust, broad-shouldered, well-built, hunky, "
        "beefy, stocky, husky, gruff, hairy, bearded, square-jawed, mannish, stout, chiseled, hard-bodied, "
        "masculine, powerfully built, strong-armed, male, thickset, tough-as-nails, sinewy, barrel-chested, "
        "mustachioed",
        "lumberjack, wrestler, weightlifter, blacksmith, firefighter, commando, construction worker, trucker, "
        "biker, marine, quarterback, linebacker, rugby player, dockworker, miner, viking, barbarian, gladiator, "
        "drill sergeant, bouncer, bodyguard, mechanic, butcher, strongman, stuntman, policeman, rancher, sheriff, "
        "gym buff, he-man, plumber, steelworker, caveman, action hero",
    ),
    "feminine": (
        "elegant, graceful, delicate, pretty, beautiful, glamorous, charming, refined, womanly, lovely, gorgeous, "
        "chic, stylish, petite, slender, coquettish, flirtatious, seductive, sensual, alluring, demure, "
        "sophisticated, genteel, attractive, posh, poised, sexy, ravishing, stunning, feminine, female, "
        "well-dressed, high-heeled, gentle, swan-like, enticing, curvy, fair",
        "duchess, countess, bride, geisha, diva, noblewoman, actress, starlet, maiden, damsel, goddess, fairy, "
        "nymph, belle, bridesmaid, heroine, socialite, debutante, empress, femme fatale, gentlewoman, cinderella, "
        "mermaid, enchantress, baroness, sorceress, society lady, beauty, ballroom lady, temptress",
    ),
    "childish": (
        "childish, childlike, playful, naughty, mischievous, silly, immature, cheeky, naive, bratty, babyish, "
        "impish, goofy, juvenile, whimsical, spoiled, boyish, giggling, giggly, puerile, kiddish, five-year-old, "
        "four-year-old, six-year-old, seven-year-old, three-year-old, tiny little",
        "child, kid, preschooler, tot, brat, first grader, second grader, third grader, baby, five-year-old, "
        "four-year-old, six-year-old, seven-year-old, eight-year-old, little kid, tyke, kiddo, little brother, "
        "little sister, urchin, rascal, munchkin, grade schooler, cub scout, cherub, daycare child, crybaby, "
        "prankster, small fry, kid on a playground, elementary schooler, nursery school child",
    ),
    "elderly": (
        "elderly, old, very old, ancient, wrinkled, white-haired, gray-haired, hunched, toothless, geriatric, "
        "infirm, feeble, arthritic, rheumatic, shaky, doddering, tottering, creaky, hoary, wizened, shriveled, "
        "retired, seventy-year-old, eighty-year-old, ninety-year-old, crooked, gnarled, withered, venerable, "
        "palsied, bent-over, long-lived, silver-haired, half-blind, weather-worn",
        "elder, nonagenarian, octogenarian, septuagenarian, centenarian, retiree, nursing home resident, crone, "
        "hag, matriarch, patriarch, geezer, codger, old monk, old hermit, old wizard, old fisherman, wise old man, "
        "old widow, old nun, old farmer, old professor, old beggar, elderly aunt, elderly uncle",
    ),
    "exhausted": (
        "tired, weary, exhausted, worn-out, lethargic, listless, dead-tired, burned-out, bushed, pooped, weakened, "
        "run-down, sapped, dog-tired, bleary-eyed, yawning, dozy, groggy, limp, languid, lackluster, enervated, "
        "knackered, winded, breathless, panting, faint, depleted, overtired, ailing, drooping, flagging, apathetic, "
        "debilitated, overstrained, half-awake, dazed, weak, zonked, wiped-out, stressed-out, shattered, done-in, "
        "bone-tired, travel-worn, toil-worn",
        "insomniac, tired traveler, night-shift worker, night nurse, tired parent, tired mother, tired father, "
        "laborer, patient with a fever, shipwreck survivor, tired miner, tired farmer, tired doctor, "
        "tired commuter, sick person, worn-out worker, yawning clerk, overtired nurse",
    ),
    "active": (
        "active, energetic, lively, vigorous, hyperactive, enthusiastic, spirited, fit, eager, vivacious, animated, "
        "zestful, tireless, frisky, fired-up, pumped-up, motivated, vital, vibrant, zippy, high-energy, unflagging, "
        "electrified, driven, raring-to-go, indefatigable, hyper, full-of-beans, strenuous, supercharged, "
        "wide-awake, well-rested",
        "fitness coach, aerobics instructor, gym teacher, go-getter, live wire, gymnast, cheerleader, acrobat, "
        "decathlete, tennis player, soccer player, basketball player, volleyball player, surfer, skater, "
        "fitness instructor, eager beaver, swimmer, boot camp instructor, gym lover, early bird, badminton player, "
        "workout coach",
    ),
    "youthful": (
        "young, teenage, agile, nimble, springy, jaunty, spry, limber, sprightly, fresh-faced, light-footed, "
        "twenty-year-old, nineteen-year-old, eighteen-year-old, seventeen-year-old, sixteen-year-old, youngish, "
        "supple, pubescent, underage, twenty-something, coltish",
        "teenager, teen, freshman, sophomore, high schooler, undergraduate, young adult, millennial, "
        "seventeen-year-old, eighteen-year-old, nineteen-year-old, twenty-year-old, young intern, apprentice, "
        "young bachelor, young heir, skateboarder, prom date, tween, young recruit, young graduate, youngster, "
        "young apprentice, young backpacker, varsity player, boy band member",
    ),
    "musical": (
        "musical, rhythmic, dancing, singing, groovy, jazzy, humming, whistling, theatrical, harmonious, funky, "
        "toe-tapping, finger-snapping, tuneful, rapping, crooning, yodeling, music-loving",
        "dancer, singer, musician, ballerina, ballet dancer, tap dancer, pop singer, rapper, entertainer, showman, "
        "street performer, drummer, guitarist, violinist, conductor, composer, choir member, crooner, jazz singer, "
        "flamenco dancer, salsa dancer, breakdancer, hip-hop dancer, tango dancer, dj, bandleader, music lover, "
        "soprano, tenor, saxophonist, trumpeter, karaoke singer, cabaret performer, troubadour, minstrel, "
        "samba dancer, street musician, k-pop idol",
    ),
    "giant": (
        "giant, huge, enormous, gigantic, massive, towering, immense, mammoth, monstrous, gargantuan, mighty, "
        "hefty, heavy, ponderous, lumbering, bulky, jumbo, oversized, thundering, elephantine, humongous, heavyset, "
        "tremendous, vast, weighty, monumental, thirty-foot, fifty-foot, house-sized, outsize, "
        "stupendous, mountain-sized",
        "giant, monster, cyclops, goliath, behemoth, golem, leviathan, giantess, kaiju, dinosaur, tyrannosaurus, "
        "elephant, mammoth, gorilla, sumo wrestler, yeti, bigfoot, dragon, grizzly bear, juggernaut, brute, beast, "
        "rhinoceros, hippopotamus, minotaur, frankenstein monster, stone giant, giant robot, big monster, "
        "huge gorilla, gargoyle, gargantua, swamp monster, mountain giant, werewolf",
    ),
    "chimpira": (
        "rude, swaggering, thuggish, menacing, threatening, insolent, cocky, defiant, disrespectful, impudent, "
        "brazen, ill-mannered, impolite, unruly, rowdy, loutish, shady, sleazy, foul-mouthed, bullying, vulgar, "
        "crude, rebellious, intimidating, tattooed, surly, mouthy, uncouth, lawless, sneering, criminal, roguish, "
        "lowbrow, trashy, ill-bred, boorish, street-tough",
        "thug, gangster, yakuza, bully, goon, crook, ruffian, lout, henchman, rowdy, loan shark, gang leader, "
        "gang boss, mafioso, criminal, troublemaker, rebel, outlaw, bandit, pickpocket, hitman, drug dealer, "
        "racketeer, convict, biker gang member, greaser, skinhead, scoundrel, roughneck, tough guy, lowlife, "
        "villain, vandal, jailbird, mugger, brawler, mob boss, street gang leader, car thief, burglar, gangbanger, "
        "juvenile offender, school bully, boor",
    ),
}
SAME_STYLE = {"masculinity": "masculine", "old": "elderly", "tired": "exhausted"}
"""Names of styles in clips -> names that mean the same."""
_PEOPLE = {"masculine": _MEN, "feminine": _WOMEN}


def _list(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(","))


def _a(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' and not words.startswith(('eu', 'uni')) else 'a'} {words}"


def _ways(style: str) -> _Ways:
    """What `_WAYS` says, and what its adjectives and people add to that."""
    adverbs, subjects, phrases = map(_list, _WAYS[style])
    if style in _TRAITS:
        adjectives, people = map(_list, _TRAITS[style])
        nouns = _PEOPLE.get(style, _ANYBODY)
        # Each adjective with two of the nouns, in turns.
        pairs = ((a, nouns[(i + j) % len(nouns)]) for i, a in enumerate(adjectives) for j in (0, 1))
        adverbs += tuple(f"in {_a(adjective)} way" for adjective in adjectives)
        subjects += (*map(_a, people), *(_a(f"{adjective} {noun}") for adjective, noun in pairs))
        phrases += tuple(f"like {_a(person)}" for person in people)
    return adverbs, subjects, phrases


STYLES: dict[str, _Ways] = {style: _ways(SAME_STYLE.get(style, style)) for style in (*_WAYS, *SAME_STYLE)}
"""Style -> (adverbs, subjects that bring the style with them, phrases that follow)."""
