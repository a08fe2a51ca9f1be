"""English."""

from tracker.sources.leads.lexicon import Lexicon, words

ENGLISH = Lexicon(
    code="en",
    marks=words(
        "the a an and or but of to in on at for with from by that this these those which who was"
        " were is are be been has have had not as it its his her their he she they we i you my"
        " will would could can about after before when while where if than there one all no so"
        " into over under between during against some many several most more other another such"
        " what how why also only just then"
    ),
    by=words("by"),
    of=words("of from"),
    on=words("on in via to through at from over across onto"),
    according=words("according per"),
    be=words("was were been being be is are get gets got"),
    have=words("has have had 's 've having"),
    without=words(
        "not never n't didn't doesn't don't hasn't hadn't haven't won't wouldn't can't couldn't"
        " denied denies deny refused refuses declined declines will would could should may might"
        " must can shall to without if unless nobody"
    ),
    relative=words("who which that whom whose"),
    adverbs=words(
        "also later earlier again already then then-and now reportedly allegedly apparently"
        " previously recently first originally initially publicly herself himself itself"
        " themselves subsequently separately even just once still yesterday today tonight late"
        " early on in the morning afternoon evening night simply briefly too said- proudly"
        " angrily jokingly famously since reportedly quickly immediately meanwhile however"
        " last this shortly soon afterwards thereafter personally officially both"
    ),
    post=words(
        "posted posts posting shared shares sharing wrote writes writing written uploaded uploads"
        " uploading published publishes publishing reposted reposts retweeted retweets"
        " livestreamed live-streamed streamed broadcasted aired released releases circulated"
        " distributed captioned re-shared reshared cross-posted disseminated showed put took"
        " takes taking"
        " turned went publish upload uploading put puts puted putted geposted"
    ),
    say=words(
        "said says saying told tells announced announces announcing reported reports reporting"
        " claimed claims claiming stated states stating added adds adding confirmed confirms"
        " warned warns commented comments replied replies responded joked insisted argued"
        " explained noted urged called accused condemned praised thanked congratulated reacted"
        " vowed declared revealed alleged boasted asked slammed criticised criticized"
        " expressed apologized apologised described quipped remarked mocked hailed denounced"
        " pointed echoed"
        " questioned suggested wondered welcomed lashed offered quoted mentioned responded vented"
        " assured insists maintained recounted detailed celebrated marvelled marveled"
        " tagged replied cautioned cheered demanded encouraged exclaimed joked reiterated"
        " reassured recommended speculated stressed summarised summarized swore testified"
        " admitted conceded pleaded begged appealed blamed defended disputed dismissed rejected"
        " thanked gushed complained predicted speculated observed recalled recounted promised"
        " communicated communicate shouted urged pledged threatened pondered teased lamented"
        " mourned paid"
    ),
    tweet=words("tweeted tweets tweeting live-tweeted retweeted retweets"),
    texts=words(
        "post posts posting message messages statement statements thread threads publication"
        " comment comments update updates caption story stories entry reel reels address claim"
        " claims"
        " announcement announcements appeal remarks allegation allegations accusation threat note"
    ),
    pictures=words(
        "video videos footage clip clips photo photos photograph photographs picture pictures"
        " image images recording recordings livestream stream film screenshot screenshots"
        " videotape selfie animation"
    ),
    tweets=words("tweet tweets retweet"),
    accounts=words(
        "channel channels account accounts page user users profile group handle blog feed channel-"
    ),
    titles=words(
        "president vice prime minister ministers deputy mayor governor senator senators"
        " congressman congresswoman representative rep sen gov secretary state defence defense"
        " foreign affairs general gen colonel col lieutenant lt captain capt major maj sergeant"
        " sgt commander admiral marshal brigadier spokesman spokeswoman spokesperson press"
        " journalist journalists reporter correspondent editor editor-in-chief columnist"
        " anchor presenter host blogger vlogger youtuber tiktoker instagrammer influencer"
        " activist analyst expert researcher professor prof doctor dr lawyer attorney author"
        " writer novelist poet singer rapper musician actor actress comedian director filmmaker"
        " producer photographer photojournalist cameraman model athlete footballer player coach"
        " king queen prince princess duke sir lord lady dame mr mrs ms miss pope bishop"
        " archbishop rabbi imam sheikh chancellor premier ambassador envoy diplomat consul"
        " official officials leader chief head chairman chairwoman chair ceo founder co-founder"
        " cofounder owner billionaire businessman entrepreneur investor lawmaker mp mep member"
        " parliament congress commissioner judge justice prosecutor sheriff officer"
        " soldier veteran volunteer paramedic nurse teacher student fan resident witness"
        " eyewitness citizen neighbour neighbor politician candidate adviser advisor aide"
        " strategist historian scientist economist climatologist meteorologist astronaut"
        " former ex-president ex then-president acting late interim then outgoing pro-russian"
        " pro-ukrainian user account channel page agency outlet newspaper magazine broadcaster"
        " media group organization organisation ngo star celebrity streamer gamer chef hacker"
        " podcaster commentator pundit separatist oligarch warlord mercenary operator"
        " investigator detective firefighter pilot driver farmer rights human climate"
        " independent freelance freelancer local popular fellow military republican"
        " democrat democratic conservative labour tory congressional opposition"
        " attorney-general us u.s. uk u.k. eu un astronomer vet surgeon seismologist geologist"
        " biologist"
        " physicist chemist engineer architect librarian councillor councilman councilwoman"
        " alderman"
        " alderwoman reverend rev pastor priest vicar superintendent inspector constable chief"
        " firefighter ranger captain skipper pilot sailor climber hiker runner cyclist boxer"
        " wrestler golfer jockey rower swimmer skater skier surfer drummer guitarist pianist"
        " violinist composer conductor dj designer stylist baker butcher fisherman fisherwoman"
        " shopkeeper trader builder plumber electrician mechanic trucker cabbie barrister"
        " solicitor broadcaster newsreader weatherman forecaster naturalist conservationist"
        " birdwatcher campaigner organizer organiser whistleblower dissident exile minister-of"
        " creator vlogger illustrator cartoonist painter sculptor magician comic novelist"
        " midfielder striker goalkeeper defender winger quarterback pitcher coach umpire referee"
        " tycoon banker broker trucker dad mum mom grandmother grandfather mother father teenager"
        " schoolgirl schoolboy midwife doctor gp dentist pharmacist headteacher principal dean"
        " provost chancellor ombudsman speaker whip backbencher treasurer auditor undersecretary"
        " spokesperson-for osint open-source"
    ),
    never=words(
        "i he she it they we you one someone somebody anyone anybody everyone everybody nobody"
        " people users residents locals witnesses eyewitnesses officials activists protesters"
        " protestors journalists reporters soldiers troops police authorities critics fans"
        " followers viewers others many some most both several thousands hundreds dozens another"
        " here there this that these those his her its their my our your video videos footage"
        " images photos image photo clips clip pictures post posts tweet tweets however meanwhile"
        " according if when while after before since because although though then now today"
        " yesterday earlier later last next one two three four five six watch read see share"
        " follow click subscribe join like comment reply advertisement related more source credit"
        " internet netizens social media web website breaking news update live exclusive"
        " also still even just only yes no not and or but so for from with without in on at by"
        " as of to local experts analysts bloggers relatives neighbours neighbors friends family"
        " parents students volunteers refugees civilians tourists passengers onlookers"
        " everything nothing something what who how why where which christians muslims"
        " monday tuesday wednesday thursday friday saturday sunday screenshot view film during"
        " posted shared uploaded published writing speaking using citing late early"
        " meet says said inside listen"
        " similar related identical old dramatic graphic shocking fake false manipulated edited"
        " misleading numerous countless multiple various certain"
        " conspiracy verified unverified viral popular new old first second third"
    ),
    ours=words("our us follow subscribe join sign download unsubscribe"),
    title_endings=(
        "ologist",
        "ographer",
        "swoman",
        "-minister",
        "-president",
        "-founder",
        "-general",
        "-born",
        "-based",
    ),
    verb_first=False,
    another=words("another second separate later follow-up earlier subsequent third further"),
)
