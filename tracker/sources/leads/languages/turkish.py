"""Turkish."""

from tracker.sources.leads.lexicon import Lexicon, words

TURKISH = Lexicon(
    code="tr",
    marks=words(
        "ve bir bu da de için ile olan olarak çok daha ancak gibi kadar sonra önce ise ki ne o şu"
        " her en göre var yok değil mi mı dedi oldu eden etti tarafından üzerinden"
    ),
    by=words("-"),
    of=words("-"),
    on=words("-"),
    according=words("-"),
    be=words("paylaşıldı yayınlandı yayımlandı"),
    have=words("-"),
    without=words("değil asla reddetti yalanladı istemedi"),
    relative=words("ki"),
    adverbs=words(
        "dün bugün daha sonra önce ayrıca da de bile yine ise sabah akşam geçtiğimiz bizzat"
        " üzerinden sosyal medya platformu platformunda resmi kişisel kendi şu bu ifadeleri"
    ),
    post=words(
        "paylaştı paylaştığı paylaşan paylaşarak paylaştılar paylaşılan yazdı yazdığı yazarak"
        " yazdılar yayınladı yayınladığı yayımladı yayımladığı yayımlayan yayınlayan yükledi"
        " yüklediği duyurdu duyurduğu paylaşıyor"
    ),
    say=words(
        "dedi söyledi açıkladı belirtti bildirdi ifade kullandı ekledi doğruladı uyardı teşekkür"
        " kınadı eleştirdi tepki açıklamada açıklamasında iddia"
    ),
    tweet=words("tweetledi tivitledi tweetlediği retweetledi"),
    texts=words(
        "gönderi gönderisi gönderisinde gönderide paylaşım paylaşımı paylaşımında paylaşımda mesaj"
        " mesajı mesajında mesajda açıklama açıklaması yazı post"
    ),
    pictures=words(
        "video videosu videoda videosunda videoyu görüntü görüntüler görüntüleri görüntülerde"
        " fotoğraf fotoğrafı fotoğrafta klip kayıt"
    ),
    tweets=words("tweet tweeti tweetinde tweette tivit tiviti tivitinde"),
    accounts=words(
        "kanal kanalı kanalında kanalından kanalına hesap hesabı hesabında hesabından hesabına"
        " sayfa sayfası sayfasında sayfasından kullanıcı kullanıcısı kullanıcısının grup grubunda"
        " profil profilinde"
    ),
    titles=words(
        "cumhurbaşkanı başkan başkanı bakan bakanı başbakan belediye vali valisi milletvekili sözcü"
        " sözcüsü gazeteci muhabir muhabiri editör general albay komutan komutanı amiral aktivist"
        " analist uzman uzmanı araştırmacı profesör prof doktor dr avukat yazar yazarı şarkıcı"
        " rapçi oyuncu oyuncusu yönetmen fotoğrafçı fenomen fenomeni youtuber tiktoker blogger kral"
        " prens papa büyükelçi büyükelçisi lider lideri eski iş insanı milyarder kurucu kurucusu"
        " danışman danışmanı sekreter sekreteri ukrayna ukraynalı rus rusya türk abd amerikalı"
        " gazetesi ajansı kullanıcı kullanıcısı futbolcu içişleri dışişleri savunma"
        " sanatçı ressam besteci müzisyen manken imam rektör hakem genel şef siyasetçi yorumcu"
        " sunucu"
    ),
    never=words(
        "o onlar biz siz ben bu şu birçok bazı herkes kimse kullanıcılar görgü tanıkları"
        " aktivistler"
        " gazeteciler polis yetkililer askerler video görüntüler haber kaynak takip abone pazartesi"
        " salı çarşamba perşembe cuma cumartesi pazar dün bugün ancak ve bir ise daha sonra önce"
        " fotoğraf sosyal medya vatandaşlar sakinleri için ile"
    ),
    ours=words("bizi bizim abone takip kanalımız kanalımıza hesabımız hesabımızı"),
    by_after=words("tarafından"),
    verb_first=False,
    verb_last=True,
    another=words("başka ikinci diğer"),
)
