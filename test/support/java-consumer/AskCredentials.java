import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** Prints the access key id that the default chain finds. */
public final class AskCredentials {
  public static void main(String[] words) {
    try (var provider = DefaultCredentialsProvider.builder().build()) {
      System.out.println(provider.resolveCredentials().accessKeyId());
    }
  }
}
